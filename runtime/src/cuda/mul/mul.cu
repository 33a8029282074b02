// a * b; b has the shape of a, or one pixel that is spread over it. y may be an input of its shape, and a gradient may take the place of dy.

// y = f(a * b), where b is one pixel.
template <bool ADD, class Y, class A, class B, class T, class TO, class F>
__device__ inline void times_pixel(T team, Index images, const float* a, const float* b, TO y, F f) {
    constexpr int n = channels_together<Y, A, B>();
    for (Index i = n * team.thread(); i < images * Y::len; i += n * team.threads()) {
        Pack<n> pack = load<n>(a + A::element(i)), by = load<n>(b + B::at(i / Y::len) + i % Y::c);
        for (int k = 0; k < n; k++) pack.at[k] = f(pack.at[k] * by.at[k]);
        put<ADD>(y + Y::element(i), pack);
    }
}

template <class D, class V, class T>
__device__ void mul(T team, Index images, const float* a, const float* b, float* y) {
    typedef typename V::X0 A;
    typedef typename V::X1 B;
    if constexpr (D::spread) {
        times_pixel<false, typename V::Y, A, B>(team, images, a, b, y, [](float product) { return activate<D>(product); });
    } else {
        map<false, typename V::Y, A, B>(team, images, y, [](Index, float a, float b) { return activate<D>(a * b); }, a, b);
    }
}

template <class D, class V, class T, class G>
__device__ void mul_backward_a(T team, Index images, const float* dy, const float* b, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::X1 B;
    if constexpr (D::spread) {
        times_pixel<V::add0, DX, typename V::DY, B>(team, images, dy, b, dx, [](float product) { return product; });
    } else {
        map<V::add0, DX, typename V::DY, B>(team, images, dx, [](Index, float dy, float b) { return dy * b; }, dy, b);
    }
}

template <class D, class V, class T, class G>
__device__ void mul_backward_b(T team, Index images, const float* dy, const float* a, G dx) {
    auto f = [](Index, float dy, float a) { return dy * a; };
    map<V::add1, typename V::DX1, typename V::DY, typename V::X0>(team, images, dx, f, dy, a);
}

// Both at once; where they have one place, the second adds to the first.
template <class D, class V, class T, class GA, class GB>
__device__ void mul_backward(T team, Index images, const float* dy, const float* a, const float* b, GA da, GB db) {
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
template <class D, class V, class T, class G>
__device__ void mul_backward_pixel(T team, Index images, const float* dy, const float* a, G dx) {
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
#pragma unroll 4
            for (Index pixel = image * A::pixels + Shape::row(); pixel < (image + 1) * A::pixels; pixel += Shape::down) {
                Pack<n> g = load<n>(dy + DY::at(pixel) + c), x = load<n>(a + A::at(pixel) + c);
                for (int k = 0; k < n; k++) sum.at[k] = fmaf(g.at[k], x.at[k], sum.at[k]);
            }
        sum = sum_down<Shape>(sum);
        if (Shape::row() == 0 && c < A::c) put<V::add1>(dx + DX::at(image) + c, sum);
    }
}
