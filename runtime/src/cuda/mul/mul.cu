// a * b; b has the shape of a, or one pixel that is spread over it. y may be an input of its shape, and a gradient may take the place of dy.

// The place of what element i of a is multiplied with.
template <class D, class A, class B>
__device__ inline Index factor(Index i) {
    if constexpr (D::spread) return B::at(i / A::len) + i % A::c;
    return B::element(i);
}

template <class D, class V, class T>
__device__ void mul(T team, Index images, const float* a, const float* b, float* y) {
    typedef typename V::X0 A;
    if constexpr (D::spread) {
        auto f = [&](Index i, float a) { return activate<D>(a * b[factor<D, A, typename V::X1>(i)]); };
        map<false, typename V::Y, A>(team, images, y, f, a);
    } else {
        auto f = [](Index, float a, float b) { return activate<D>(a * b); };
        map<false, typename V::Y, A, typename V::X1>(team, images, y, f, a, b);
    }
}

template <class D, class V, class T>
__device__ void mul_backward_a(T team, Index images, const float* dy, const float* b, float* dx) {
    typedef typename V::DX0 A;
    auto f = [&](Index i, float dy) { return dy * b[factor<D, A, typename V::X1>(i)]; };
    map<V::add0, A, typename V::DY>(team, images, dx, f, dy);
}

template <class D, class V, class T>
__device__ void mul_backward_b(T team, Index images, const float* dy, const float* a, float* dx) {
    auto f = [](Index, float dy, float a) { return dy * a; };
    map<V::add1, typename V::DX1, typename V::DY, typename V::X0>(team, images, dx, f, dy, a);
}

// Both at once; where they have one place, the second adds to the first.
template <class D, class V, class T>
__device__ void mul_backward(T team, Index images, const float* dy, const float* a, const float* b, float* da, float* db) {
    typedef typename V::DY DY;
    typedef typename V::X0 A;
    typedef typename V::X1 B;
    typedef typename V::DX0 DA;
    typedef typename V::DX1 DB;
    constexpr int n = together<DY, A, B, DA, DB>();
    for (Index i = n * team.thread(); i < images * DY::len; i += n * team.threads()) {
        Pack<n> by_a = load<n>(dy + DY::element(i)), by_b = by_a;
        Pack<n> x = load<n>(a + A::element(i)), z = load<n>(b + B::element(i));
        for (int k = 0; k < n; k++) by_a.at[k] *= x.at[k], by_b.at[k] *= z.at[k];
        put<V::add0>(da + DA::element(i), by_b);
        put<V::add1>(db + DB::element(i), by_a);
    }
}

// The gradient of the pixel that was spread: the sum over all pixels of dy * a.
template <class D, class V, class T>
__device__ void mul_backward_pixel(T team, Index images, const float* dy, const float* a, float* dx) {
    typedef typename V::DY DY;
    typedef typename V::X0 A;
    typedef typename V::DX1 DX;
    constexpr int n = channels_together<DY, A, DX>();
    typedef Columns<A::c, n, down_for<A::pixels>()> Shape;
    for (Index tile = team.tile(); tile < images * Shape::tiles; tile += team.tiles()) {
        const Index image = tile / Shape::tiles;
        const int c = Shape::channel(tile % Shape::tiles);
        Pack<n> sum = {};
        if (c < A::c)
            for (Index pixel = image * A::pixels + Shape::row(); pixel < (image + 1) * A::pixels; pixel += Shape::down) {
                Pack<n> g = load<n>(dy + DY::at(pixel) + c), x = load<n>(a + A::at(pixel) + c);
                for (int k = 0; k < n; k++) sum.at[k] = fmaf(g.at[k], x.at[k], sum.at[k]);
            }
        sum = sum_down<Shape>(sum);
        if (Shape::row() == 0 && c < A::c) put<V::add1>(dx + DX::at(image) + c, sum);
    }
}
