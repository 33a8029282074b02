// Zeros around the picture; backward, the gradient without them. One thread a pack of channels.

template <class D, class V, class T>
__device__ void pad(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Place<Y, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        int iy = to.y - D::pad_top, ix = to.x - D::pad_left;
        Pack<n> pack = {};
        if (iy >= 0 && iy < X::h && ix >= 0 && ix < X::w) pack = load<n>(x + X::at(to.image, iy, ix) + to.c);
        store(y + to.at(), pack);
    }
}

template <class D, class V, class T, class G>
__device__ void pad_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int n = channels_together<DX, DY>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        put<V::add0>(dx + to.at(), load<n>(dy + DY::at(to.image, to.y + D::pad_top, to.x + D::pad_left) + to.c));
    }
}
