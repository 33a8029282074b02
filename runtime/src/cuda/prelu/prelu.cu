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

// Partial sums of dy * x where the slope is in use.
template <class D, class V, class T>
__device__ void prelu_sums(T team, Index images, const float* x, const float* dy, float* scratch) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X, DY>();
    partial_sums<1, X::c, n>(team, images * X::pixels, scratch, [&](Index pixel, int c, Pack<n>* sums) {
        Pack<n> a = load<n>(x + X::at(pixel) + c), g = load<n>(dy + DY::at(pixel) + c);
        for (int k = 0; k < n; k++) sums[0].at[k] += a.at[k] > 0.0f ? 0.0f : g.at[k] * a.at[k];
    });
}

template <class D, class V, class T>
__device__ void prelu_gradient(T team, Index images, float* scratch, float* weight) {
    typedef typename V::X0 X;
    constexpr int n = channels_together<X, typename V::DY>();
    const Index pixels = images * X::pixels;
    if constexpr (!D::shared) {
        total_sums<1, X::c, n>(team, pixels, scratch, [&](int c, const float* sums) { weight[c] += sums[0]; });
    } else if (team.tile() == 0) {
        // One block adds up all channels of all parts.
        typedef Columns<1, 1> Shape;
        Pack<1> sum = {};
        for (Index i = threadIdx.x; i < Columns<X::c, n>::parts(pixels) * X::c; i += block_size) sum.at[0] += scratch[i];
        sum = sum_down<Shape>(sum);
        if (threadIdx.x == 0) weight[0] += sum.at[0];
    }
}

template <class D, class V, class T>
__device__ void prelu_backward(T team, Index images, const float* x, const float* dy, float* dx, const float* weight) {
    constexpr int n = channels_together<typename V::DX0, typename V::X0, typename V::DY>();
    auto prepare = [&](int c) { return slopes<D, n>(weight, c); };
    auto f = [](const Pack<n>& slopes, int k, float x, float dy) { return x > 0.0f ? dy : slopes.at[k] * dy; };
    map_channels<V::add0, typename V::DX0, typename V::X0, typename V::DY>(team, images, dx, prepare, f, x, dy);
}
