// A factor per channel; x and y, or dy and dx, may be the same.

template <class D, class V, class T>
__device__ void scale(T team, Index images, const float* x, float* y, const float* weight) {
    constexpr int n = channels_together<typename V::Y, typename V::X0>();
    auto prepare = [&](int c) { return load_channels<n>(weight + c); };
    auto f = [](const Pack<n>& weight, int k, float x, float) { return activate<D>(x * weight.at[k]); };
    map_channels<false, typename V::Y, typename V::X0>(team, images, y, prepare, f, x);
}

// Sums of dy * x.
template <class D, class V, class T>
__device__ void scale_gradient(T team, Index images, const float* x, const float* dy, float* weight, float* scratch, unsigned* arrived) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X, DY>();
    auto body = [&](Index pixel, int c, Totals<1>* sums) {
        Pack<n> a = load<n>(x + X::at(pixel) + c), g = load<n>(dy + DY::at(pixel) + c);
        for (int k = 0; k < n; k++) sums[k].at[0] = fmaf(g.at[k], a.at[k], sums[k].at[0]);
    };
    auto finish = [&](int c, const Totals<1>& sums) { put<V::adds>(weight + c, sums.at[0]); };
    sums_over_pixels<1, X::c, n>(team, images * X::pixels, scratch, arrived, body, finish);
}

template <class D, class V, class T, class G>
__device__ void scale_backward(T team, Index images, const float* dy, G dx, const float* weight) {
    constexpr int n = channels_together<typename V::DX0, typename V::DY>();
    auto prepare = [&](int c) { return load_channels<n>(weight + c); };
    auto f = [](const Pack<n>& weight, int k, float dy, float) { return dy * weight.at[k]; };
    map_channels<V::add0, typename V::DX0, typename V::DY>(team, images, dx, prepare, f, dy);
}
