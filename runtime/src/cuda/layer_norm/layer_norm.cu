// Over the channels of each pixel, which the lanes of a warp share. x and y, or dy and dx, may be the same.

// Mean and 1 / sqrt(variance + eps) of a pixel, in each of its lanes.
struct Normal { float mean, inverse; };

template <class D, class X, int N>
__device__ inline Normal normal(const Packs<X, N>& packs, bool valid) {
    typedef Lanes<X, N> Shape;
    float sum = 0.0f;
    Shape::for_packs(valid, [&](int k, int) {
        Pack<N> pack = packs.at(k);
        for (int j = 0; j < N; j++) sum += pack.at[j];
    });
    const float mean = Shape::sum(sum) * (1.0f / X::c);
    sum = 0.0f;
    Shape::for_packs(valid, [&](int k, int) {
        Pack<N> pack = packs.at(k);
        for (int j = 0; j < N; j++) sum = fmaf(pack.at[j] - mean, pack.at[j] - mean, sum);
    });
    return {mean, inverse_deviation(Shape::sum(sum) * (1.0f / X::c), D::eps)};
}

template <class D, class V, class T>
__device__ void layer_norm(T team, Index images, const float* x, float* y, const float* weight, const float* bias) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Lanes<X, n> Shape;
    Shape::for_pixels(team, images * X::pixels, [&](Index pixel, bool valid) {
        Packs<X, n> packs(x + X::at(pixel), valid);
        const Normal normal = netc::normal<D>(packs, valid);
        Shape::for_packs(valid, [&](int k, int c) {
            Pack<n> pack = packs.at(k);
            const Pack<n> gain = load_channels<n>(weight + c), shift = load_channels<n>(bias + c);
            for (int j = 0; j < n; j++) pack.at[j] = fmaf((pack.at[j] - normal.mean) * normal.inverse, gain.at[j], shift.at[j]);
            store(y + Y::at(pixel) + c, pack);
        });
    });
}

// Where the sums begin, behind the moments of so many pixels.
__device__ inline Index behind_moments(Index pixels) { return (2 * pixels + 3) / 4 * 4; }

// Mean and inverse deviation of every pixel.
template <class D, class V, class T>
__device__ void layer_norm_moments(T team, Index images, const float* x, float* scratch) {
    typedef typename V::X0 X;
    constexpr int n = channels_together<X>();
    typedef Lanes<X, n> Shape;
    Shape::for_pixels(team, images * X::pixels, [&](Index pixel, bool valid) {
        Packs<X, n> packs(x + X::at(pixel), valid);
        const Normal normal = netc::normal<D>(packs, valid);
        if (valid && lane() % Shape::across == 0) {
            scratch[2 * pixel] = normal.mean;
            scratch[2 * pixel + 1] = normal.inverse;
        }
    });
}

// Sums of dy * xhat, and of dy; their parts lie behind the moments.
template <class D, class V, class T>
__device__ void layer_norm_gradients(T team, Index images, const float* x, const float* dy, float* weight, float* bias, float* scratch,
                                     unsigned* arrived) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X, DY>();
    const Index pixels = images * X::pixels;
    auto body = [&](Index pixel, int c, Totals<2>* sums) {
        const float mean = scratch[2 * pixel], inverse = scratch[2 * pixel + 1];
        Pack<n> a = load<n>(x + X::at(pixel) + c), g = load<n>(dy + DY::at(pixel) + c);
        for (int k = 0; k < n; k++) {
            sums[k].at[0] = fmaf(g.at[k], (a.at[k] - mean) * inverse, sums[k].at[0]);
            sums[k].at[1] += g.at[k];
        }
    };
    auto finish = [&](int c, const Totals<2>& sums) {
        put<V::adds>(weight + c, sums.at[0]);
        put<V::adds>(bias + c, sums.at[1]);
    };
    sums_over_pixels<2, X::c, n>(team, pixels, scratch + behind_moments(pixels), arrived, body, finish);
}

// With xhat = (x - m) / s and means over the channels: dx = (g dy - mean(g dy) - xhat * mean(g dy * xhat)) / s.
template <class D, class V, class T, class G>
__device__ void layer_norm_backward(T team, Index images, const float* x, const float* dy, G dx, const float* weight, const float* scratch) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int n = channels_together<X, DY, DX>();
    typedef Lanes<X, n> Shape;
    Shape::for_pixels(team, images * X::pixels, [&](Index pixel, bool valid) {
        Packs<X, n> values(x + X::at(pixel), valid);
        Packs<DY, n> gradients(dy + DY::at(pixel), valid);
        const float mean = valid ? scratch[2 * pixel] : 0.0f, inverse = valid ? scratch[2 * pixel + 1] : 0.0f;
        float plain = 0.0f, along = 0.0f;
        Shape::for_packs(valid, [&](int k, int c) {
            Pack<n> value = values.at(k), gradient = gradients.at(k);
            const Pack<n> gain = load_channels<n>(weight + c);
            for (int j = 0; j < n; j++) {
                float g = gradient.at[j] * gain.at[j];
                plain += g;
                along = fmaf(g, (value.at[j] - mean) * inverse, along);
            }
        });
        plain = Shape::sum(plain) * (1.0f / X::c);
        along = Shape::sum(along) * (1.0f / X::c);
        Shape::for_packs(valid, [&](int k, int c) {
            Pack<n> value = values.at(k), gradient = gradients.at(k);
            const Pack<n> gain = load_channels<n>(weight + c);
            for (int j = 0; j < n; j++) {
                float hat = (value.at[j] - mean) * inverse;
                value.at[j] = inverse * (fmaf(gradient.at[j], gain.at[j], -plain) - hat * along);
            }
            put<V::add0>(dx + DX::at(pixel) + c, value);
        });
    });
}
