// A factor per channel; x and y, or dy and dx, may be the same.

template <class D, class V, class T>
__device__ void scale(T team, Index images, const float* x, float* y, const float* weight) {
    constexpr int n = channels_together<typename V::Y, typename V::X0>();
    auto prepare = [&](int c) { return load_channels<n>(weight + c); };
    auto f = [](const Pack<n>& weight, int k, float x, float) { return activate<D>(x * weight.at[k]); };
    map_channels<false, typename V::Y, typename V::X0>(team, images, y, prepare, f, x);
}

// Partial sums of dy * x.
template <class D, class V, class T>
__device__ void scale_sums(T team, Index images, const float* x, const float* dy, float* scratch) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X, DY>();
    partial_sums<1, X::c, n>(team, images * X::pixels, scratch, [&](Index pixel, int c, Pack<n>* sums) {
        Pack<n> a = load<n>(x + X::at(pixel) + c), g = load<n>(dy + DY::at(pixel) + c);
        for (int k = 0; k < n; k++) sums[0].at[k] = fmaf(g.at[k], a.at[k], sums[0].at[k]);
    });
}

template <class D, class V, class T>
__device__ void scale_gradient(T team, Index images, const float* scratch, float* weight) {
    typedef typename V::X0 X;
    constexpr int n = channels_together<X, typename V::DY>();
    total_sums<1, X::c, n>(team, images * X::pixels, scratch, [&](int c, const float* sums) { weight[c] += sums[0]; });
}

template <class D, class V, class T>
__device__ void scale_backward(T team, Index images, const float* dy, float* dx, const float* weight) {
    constexpr int n = channels_together<typename V::DX0, typename V::DY>();
    auto prepare = [&](int c) { return load_channels<n>(weight + c); };
    auto f = [](const Pack<n>& weight, int k, float dy, float) { return dy * weight.at[k]; };
    map_channels<V::add0, typename V::DX0, typename V::DY>(team, images, dx, prepare, f, dy);
}
