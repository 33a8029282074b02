// Element by element; y may be a or b, and a gradient may take the place of dy.

template <class D, class V, class T>
__device__ void add(T team, Index images, const float* a, const float* b, float* y) {
    auto f = [](Index, float a, float b) { return activate<D>(a + b); };
    map<false, typename V::Y, typename V::X0, typename V::X1>(team, images, y, f, a, b);
}

template <class D, class V, class T, class G>
__device__ void add_backward_a(T team, Index images, const float* dy, G dx) {
    map<V::add0, typename V::DX0, typename V::DY>(team, images, dx, [](Index, float dy) { return dy; }, dy);
}

template <class D, class V, class T, class G>
__device__ void add_backward_b(T team, Index images, const float* dy, G dx) {
    map<V::add1, typename V::DX1, typename V::DY>(team, images, dx, [](Index, float dy) { return dy; }, dy);
}

// Both at once; where they have one place, the second adds to the first.
template <class D, class V, class T, class GA, class GB>
__device__ void add_backward(T team, Index images, const float* dy, GA da, GB db) {
    typedef typename V::DY DY;
    typedef typename V::DX0 A;
    typedef typename V::DX1 B;
    constexpr int n = together<DY, A, B>();
    for (Index i = n * team.thread(); i < images * DY::len; i += n * team.threads()) {
        Pack<n> pack = load<n>(dy + DY::element(i));
        put<V::add0>(da + A::element(i), pack);
        put<V::add1>(db + B::element(i), pack);
    }
}
