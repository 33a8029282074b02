// y[c] = x[c] / (k + alpha * (sum of x[j]^2, j within n / 2 of c))^beta. One thread a pack of channels, with those around it.

// s^-beta, and with it s^(-beta - 1) = s^-beta / s.
template <class D>
__device__ inline float power(float s) {
    if constexpr (D::beta == 0.75f) {
        float root = sqrtf(s);
        return 1.0f / (root * sqrtf(root));
    }
    return powf(s, -D::beta);
}

// The channels of a pixel from REACH before a pack to REACH behind it, in packs of N; zero outside the pixel.
template <class X, int N, int REACH>
struct Around {
    static constexpr int packs = (REACH + N - 1) / N, length = (2 * packs + 1) * N;
    float all[length];
    __device__ Around(const float* pixel, int c) {
#pragma unroll
        for (int i = 0; i < 2 * packs + 1; i++) {
            const int from = c + (i - packs) * N;
            Pack<N> pack = {};
            if (from >= 0 && from < X::c) pack = load<N>(pixel + from);
#pragma unroll
            for (int k = 0; k < N; k++) all[i * N + k] = pack.at[k];
        }
    }
    // The number `by` channels from the first of the pack.
    __device__ float at(int by) const { return all[packs * N + by]; }
};

// A window this small stays in registers.
template <class D>
__device__ constexpr bool lrn_is_narrow() { return D::n <= 9; }

// k + alpha * (sum of squares) around a channel, the plain way.
template <class D, class X>
__device__ inline float lrn_sum(const float* pixel, int c) {
    float sum = 0.0f;
    for (int j = most(c - D::n / 2, 0); j <= c + D::n / 2 && j < X::c; j++) sum = fmaf(pixel[j], pixel[j], sum);
    return fmaf(D::alpha, sum, D::k);
}

template <class D, class V, class T>
__device__ void lrn(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>(), half = D::n / 2, packs = X::c / n;
    for (Index i = team.thread(); i < images * X::pixels * packs; i += team.threads()) {
        const Index pixel = i / packs;
        const int c = i % packs * n;
        const float* from = x + X::at(pixel);
        Pack<n> pack;
        if constexpr (lrn_is_narrow<D>()) {
            Around<X, n, half> around(from, c);
#pragma unroll
            for (int k = 0; k < n; k++) {
                float sum = 0.0f;
#pragma unroll
                for (int j = -half; j <= half; j++) sum = fmaf(around.at(k + j), around.at(k + j), sum);
                pack.at[k] = around.at(k) * power<D>(fmaf(D::alpha, sum, D::k));
            }
        } else {
            for (int k = 0; k < n; k++) pack.at[k] = from[c + k] * power<D>(lrn_sum<D, X>(from, c + k));
        }
        store(y + Y::at(pixel) + c, pack);
    }
}

// With s as in the power and t[j] = dy[j] x[j] s[j]^(-beta - 1): dx[i] = dy[i] s[i]^-beta - 2 alpha beta x[i] * (sum of t[j], j around i).
template <class D, class V, class T>
__device__ void lrn_backward(T team, Index images, const float* x, const float* dy, float* dx) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int n = channels_together<X, DY, DX>(), half = D::n / 2, packs = X::c / n;
    constexpr float factor = 2.0f * D::alpha * D::beta;
    for (Index i = team.thread(); i < images * X::pixels * packs; i += team.threads()) {
        const Index pixel = i / packs;
        const int c = i % packs * n;
        const float* from = x + X::at(pixel);
        const float* gradient = dy + DY::at(pixel);
        Pack<n> pack;
        if constexpr (lrn_is_narrow<D>()) {
            Around<X, n, 2 * half> around(from, c);
            Around<DY, n, half> through(gradient, c);
            float terms[n + 2 * half], powers[n];
#pragma unroll
            for (int j = -half; j < n + half; j++) {
                float sum = 0.0f;
#pragma unroll
                for (int l = -half; l <= half; l++) sum = fmaf(around.at(j + l), around.at(j + l), sum);
                const float s = fmaf(D::alpha, sum, D::k), raised = power<D>(s);
                terms[j + half] = through.at(j) * around.at(j) * raised / s;
                if (j >= 0 && j < n) powers[j] = raised;
            }
#pragma unroll
            for (int k = 0; k < n; k++) {
                float sum = 0.0f;
#pragma unroll
                for (int j = 0; j <= 2 * half; j++) sum += terms[k + j];
                pack.at[k] = through.at(k) * powers[k] - factor * around.at(k) * sum;
            }
        } else {
            for (int k = 0; k < n; k++) {
                float sum = 0.0f;
                for (int j = most(c + k - half, 0); j <= c + k + half && j < X::c; j++) {
                    const float s = lrn_sum<D, X>(from, j);
                    sum += gradient[j] * from[j] * power<D>(s) / s;
                }
                pack.at[k] = gradient[c + k] * power<D>(lrn_sum<D, X>(from, c + k)) - factor * from[c + k] * sum;
            }
        }
        put<V::add0>(dx + DX::at(pixel) + c, pack);
    }
}
