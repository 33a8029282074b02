// x above 0, slope * x elsewhere; one slope a channel, or one that all share. x and y, or dy and dx, may be the same.

// The slopes of neighbouring channels.
template <class D, int N>
__device__ inline Pack<N> slopes(const float* weight, int c) {
    if constexpr (!D::shared) return load_channels<N>(weight + c);
    Pack<N> pack;
    for (int k = 0; k < N; k++) pack.at[k] = weight[0];
    return pack;
}

template <class D, class V, class T>
__device__ void prelu(T team, Index images, const float* x, float* y, const float* weight) {
    constexpr int n = channels_together<typename V::Y, typename V::X0>();
    auto prepare = [&](int c) { return slopes<D, n>(weight, c); };
    auto f = [](const Pack<n>& slopes, int k, float x, float) { return x > 0.0f ? x : slopes.at[k] * x; };
    map_channels<false, typename V::Y, typename V::X0>(team, images, y, prepare, f, x);
}

// Sums of dy * x where the slope is in use.
template <class D, class V, class T>
__device__ void prelu_gradient(T team, Index images, const float* x, const float* dy, float* weight, float* scratch, unsigned* arrived) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X, DY>();
    auto body = [&](Index pixel, int c, Totals<1>* sums) {
        Pack<n> a = load<n>(x + X::at(pixel) + c), g = load<n>(dy + DY::at(pixel) + c);
        for (int k = 0; k < n; k++) sums[k].at[0] += a.at[k] > 0.0f ? 0.0f : g.at[k] * a.at[k];
    };
    // Of one slope that all channels share the sums come first, and then those of all parts.
    float* parts = scratch + (D::shared ? (X::c + 3) / 4 * 4 : 0);
    auto finish = [&](int c, const Totals<1>& sums) {
        if constexpr (D::shared) scratch[c] = sums.at[0];
        else put<V::adds>(weight + c, sums.at[0]);
    };
    auto done = [&] {
        if constexpr (D::shared) {
            if (!arrives_last(arrived + most_counters - 1, Columns<X::c, n>::tiles)) return;
            Totals<1> sum = {};
            for (int c = threadIdx.x; c < X::c; c += block_size) sum.at[0] += __ldcg(scratch + c);
            sum = join_down<Columns<1, 1>>(sum);
            if (threadIdx.x == 0) put<V::adds>(weight, sum.at[0]);
        }
    };
    sums_over_pixels<1, X::c, n>(team, images * X::pixels, parts, arrived, body, finish, done);
}

template <class D, class V, class T, class G>
__device__ void prelu_backward(T team, Index images, const float* x, const float* dy, G dx, const float* weight) {
    constexpr int n = channels_together<typename V::DX0, typename V::X0, typename V::DY>();
    auto prepare = [&](int c) { return slopes<D, n>(weight, c); };
    auto f = [](const Pack<n>& slopes, int k, float x, float dy) { return x > 0.0f ? dy : slopes.at[k] * dy; };
    map_channels<V::add0, typename V::DX0, typename V::X0, typename V::DY>(team, images, dx, prepare, f, x, dy);
}
