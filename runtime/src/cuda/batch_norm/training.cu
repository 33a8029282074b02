// Batch normalisation by the batch's own statistics: their moments, then what follows from them element by element. Scratch memory: four numbers
// a channel for the second, and then the moments of parts of the batch. x and y, or dy and dx, may be the same.

// Pixels that a thread takes at a time.
constexpr int pixels_at_once = 4;

// For y = x * scale + shift.
template <class D, class V, class T>
__device__ void batch_moments(T team, Index images, const float* x, const float* weight, const float* bias, float* scratch, unsigned* arrived) {
    typedef typename V::X0 X;
    constexpr int n = channels_together<X>();
    auto few = [&](Index pixel, Index step, Index end, int c, Moments* own) {
        Pack<n> packs[pixels_at_once];
        int count = 0;
#pragma unroll
        for (int i = 0; i < pixels_at_once; i++)
            if (pixel + i * step < end) packs[i] = load<n>(x + X::at(pixel + i * step) + c), count++;
            else packs[i] = {};
        const float share = 1.0f / count;
#pragma unroll
        for (int k = 0; k < n; k++) {
            Moments more = {(float)count, 0.0f, 0.0f};
#pragma unroll
            for (int i = 0; i < pixels_at_once; i++) more.mean += packs[i].at[k];
            more.mean *= share;
#pragma unroll
            for (int i = 0; i < pixels_at_once; i++) {
                float distance = i < count ? packs[i].at[k] - more.mean : 0.0f;
                more.squares = fmaf(distance, distance, more.squares);
            }
            own[k].join(more);
        }
    };
    auto finish = [&](int c, const Moments& all) {
        const float scale = weight[c] * inverse_deviation(all.squares / all.count, D::eps);
        scratch[c] = scale;
        scratch[X::c + c] = bias[c] - all.mean * scale;
    };
    over_pixels<Moments, X::c, n, pixels_at_once>(team, images * X::pixels, scratch + 4 * X::c, arrived, few, finish, [] {});
}

template <class D, class V, class T>
__device__ void batch_apply(T team, Index images, const float* x, float* y, const float* scratch) {
    typedef typename V::Y Y;
    constexpr int n = channels_together<Y, typename V::X0>();
    struct Numbers { Pack<n> scale, shift; };
    auto prepare = [&](int c) { return Numbers{load_channels<n>(scratch + c), load_channels<n>(scratch + Y::c + c)}; };
    auto f = [](const Numbers& of, int k, float x, float) { return activate<D>(fmaf(x, of.scale.at[k], of.shift.at[k])); };
    map_channels<false, Y, typename V::X0>(team, images, y, prepare, f, x);
}

// With xhat = (x - mean) / s, g the weight and means over the batch: dx = g / s * (dy - mean(dy) - xhat * mean(dy * xhat))
// = scale dy - shift - slope (x - mean). The running statistics move here and not in forward, so that a step which is given up after a broken
// loss leaves no trace in them.
template <class D, class V, class T>
__device__ void batch_gradients(T team, Index images, const float* x, const float* dy, const float* weight, float* mean, float* variance,
                                float* mean_before, float* variance_before, float* dweight, float* dbias, float* scratch, unsigned* arrived) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X, DY>();
    auto few = [&](Index pixel, Index step, Index end, int c, JointMoments* own) {
        Pack<n> packs[pixels_at_once], others[pixels_at_once];
        int count = 0;
#pragma unroll
        for (int i = 0; i < pixels_at_once; i++) {
            packs[i] = others[i] = {};
            if (pixel + i * step >= end) continue;
            packs[i] = load<n>(x + X::at(pixel + i * step) + c);
            others[i] = load<n>(dy + DY::at(pixel + i * step) + c);
            count++;
        }
        const float share = 1.0f / count;
#pragma unroll
        for (int k = 0; k < n; k++) {
            JointMoments more = {(float)count, 0.0f, 0.0f, 0.0f, 0.0f};
#pragma unroll
            for (int i = 0; i < pixels_at_once; i++) more.mean += packs[i].at[k], more.other += others[i].at[k];
            more.mean *= share, more.other *= share;
#pragma unroll
            for (int i = 0; i < pixels_at_once; i++) {
                const float distance = i < count ? packs[i].at[k] - more.mean : 0.0f;
                more.squares = fmaf(distance, distance, more.squares);
                more.products = fmaf(distance, others[i].at[k] - more.other, more.products);
            }
            own[k].join(more);
        }
    };
    auto finish = [&](int c, const JointMoments& all) {
        const float biased = all.squares / all.count, inverse = inverse_deviation(biased, D::eps), scale = weight[c] * inverse;
        put<V::adds>(dweight + c, all.products * inverse);
        put<V::adds>(dbias + c, all.other * all.count);
        if (mean_before) mean_before[c] = mean[c], variance_before[c] = variance[c];
        mean[c] = mean[c] * D::momentum + all.mean * (1.0f - D::momentum);
        variance[c] = variance[c] * D::momentum + biased * (1.0f - D::momentum);
        scratch[c] = scale;
        scratch[X::c + c] = scale * all.other;
        scratch[2 * X::c + c] = scale * inverse * inverse * (all.products / all.count);
        scratch[3 * X::c + c] = all.mean;
    };
    over_pixels<JointMoments, X::c, n, pixels_at_once>(team, images * X::pixels, scratch + 4 * X::c, arrived, few, finish, [] {});
}

template <class D, class V, class T, class G>
__device__ void batch_backward(T team, Index images, const float* x, const float* dy, G dx, const float* scratch) {
    typedef typename V::DX0 DX;
    constexpr int n = channels_together<DX, typename V::X0, typename V::DY>();
    struct Numbers { Pack<n> scale, shift, slope, mean; };
    auto prepare = [&](int c) {
        const float* from = scratch + c;
        return Numbers{load_channels<n>(from), load_channels<n>(from + DX::c), load_channels<n>(from + 2 * DX::c), load_channels<n>(from + 3 * DX::c)};
    };
    auto f = [](const Numbers& of, int k, float x, float dy) {
        return of.scale.at[k] * dy - of.shift.at[k] - of.slope.at[k] * (x - of.mean.at[k]);
    };
    map_channels<V::add0, DX, typename V::X0, typename V::DY>(team, images, dx, prepare, f, x, dy);
}
