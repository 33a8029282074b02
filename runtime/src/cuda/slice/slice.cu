// Some channels; backward, the others get nothing.

template <class D, class V, class T>
__device__ void slice(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef View<X::h, X::w, D::to - D::from, X::pixel, X::channel + D::from, X::aligned> Part;
    map<false, typename V::Y, Part>(team, images, y, [](Index, float x) { return x; }, x);
}

template <class D, class V, class T, class G>
__device__ void slice_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    if constexpr (V::add0 && !writes_all<G>) {
        typedef View<DX::h, DX::w, D::to - D::from, DX::pixel, DX::channel + D::from, DX::aligned> Part;
        map<true, Part, DY>(team, images, dx, [](Index, float dy) { return dy; }, dy);
        return;
    }
    constexpr int n = D::from % 4 == 0 && D::to % 4 == 0 ? channels_together<DX, DY>() : 1;
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Pack<n> pack = {};
        if (to.c >= D::from && to.c < D::to) pack = load<n>(dy + DY::at(to.image, to.y, to.x) + to.c - D::from);
        put<V::add0>(dx + to.at(), pack);
    }
}
