// x above 0, slope * x elsewhere; one slope a channel, or one that all share. x and y, or dy and dx, may be the same.

template <class D, class Y>
__device__ inline float slope(const float* weight, Index i) { return weight[D::shared ? 0 : i % Y::c]; }

template <class D, class V, class T>
__device__ void prelu(T team, Index images, const float* x, float* y, const float* weight) {
    auto f = [&](Index i, float x) { return x > 0.0f ? x : slope<D, typename V::Y>(weight, i) * x; };
    map<false, typename V::Y, typename V::X0>(team, images, y, f, x);
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
    auto f = [&](Index i, float x, float dy) { return x > 0.0f ? dy : slope<D, typename V::X0>(weight, i) * dy; };
    map<V::add0, typename V::DX0, typename V::X0, typename V::DY>(team, images, dx, f, x, dy);
}
