// Batch normalisation in training by the moving statistics, which stay: y = act((x - mean) * factor + bias), factor = weight / sqrt(variance + eps).
// x and y, or dy and dx, may be the same.

template <int n, class D>
__device__ Pack<n> frozen_factors(const float* weight, const float* variance) {
    Pack<n> factors = load_channels<n>(weight), variances = load_channels<n>(variance);
    for (int k = 0; k < n; k++) factors.at[k] *= inverse_deviation(variances.at[k], D::eps);
    return factors;
}

template <class D, class V, class T>
__device__ void batch_frozen(T team, Index images, const float* x, float* y, const float* weight, const float* bias, const float* mean,
                             const float* variance) {
    constexpr int n = channels_together<typename V::Y, typename V::X0>();
    struct Numbers { Pack<n> factor, shift; };
    auto prepare = [&](int c) {
        Numbers of = {frozen_factors<n, D>(weight + c, variance + c), load_channels<n>(bias + c)};
        Pack<n> means = load_channels<n>(mean + c);
        for (int k = 0; k < n; k++) of.shift.at[k] -= means.at[k] * of.factor.at[k];
        return of;
    };
    auto f = [](const Numbers& of, int k, float x, float) { return activate<D>(fmaf(x, of.factor.at[k], of.shift.at[k])); };
    map_channels<false, typename V::Y, typename V::X0>(team, images, y, prepare, f, x);
}

template <class D, class V, class T, class G>
__device__ void batch_frozen_backward(T team, Index images, const float* dy, G dx, const float* weight, const float* variance) {
    constexpr int n = channels_together<typename V::DX0, typename V::DY>();
    auto prepare = [&](int c) { return frozen_factors<n, D>(weight + c, variance + c); };
    auto f = [](const Pack<n>& factor, int k, float dy, float) { return dy * factor.at[k]; };
    map_channels<V::add0, typename V::DX0, typename V::DY>(team, images, dx, prepare, f, dy);
}
