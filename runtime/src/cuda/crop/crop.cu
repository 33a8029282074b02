// The picture without some rows and columns; backward, zeros in their place. One thread a pack of channels.

template <class D, class V, class T>
__device__ void crop(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Place<Y, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        store(y + to.at(), load<n>(x + X::at(to.image, to.y + D::crop_top, to.x + D::crop_left) + to.c));
    }
}

template <class D, class V, class T, class G>
__device__ void crop_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int n = channels_together<DX, DY>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        int oy = to.y - D::crop_top, ox = to.x - D::crop_left;
        Pack<n> pack = {};
        if (oy >= 0 && oy < DY::h && ox >= 0 && ox < DY::w) pack = load<n>(dy + DY::at(to.image, oy, ox) + to.c);
        put<V::add0>(dx + to.at(), pack);
    }
}
