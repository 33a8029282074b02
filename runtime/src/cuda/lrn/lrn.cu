// y[c] = x[c] / (k + alpha * (sum of x[j]^2, j within n / 2 of c))^beta. The lanes of a warp share the channels of a pixel.

// s^-beta, and with it s^(-beta - 1) = s^-beta / s.
template <class D>
__device__ inline float power(float s) {
    if constexpr (D::beta == 0.75f) {
        float root = sqrtf(s);
        return 1.0f / (root * sqrtf(root));
    }
    return powf(s, -D::beta);
}

// The channels of a pixel from REACH before a lane's pack to REACH behind it, in packs of N; zero outside the pixel. All lanes of a warp call it:
// they have it from each other where the nearest pack reaches far enough.
template <class X, int N, int REACH>
struct Around {
    static constexpr int packs = (REACH + N - 1) / N, length = (2 * packs + 1) * N;
    float all[length];
    __device__ Around(const float* pixel, int c, bool has) {
        const Pack<N> own = at(pixel, c, has);
        set(packs, own);
        if constexpr (packs == 1) {
            typedef Lanes<X, N> Shape;
            const int place = lane() % Shape::across;
            Pack<N> before, behind;
#pragma unroll
            for (int k = 0; k < N; k++) {
                before.at[k] = __shfl_up_sync(0xffffffffu, own.at[k], 1);
                behind.at[k] = __shfl_down_sync(0xffffffffu, own.at[k], 1);
            }
            set(0, place > 0 ? before : at(pixel, c - N, has));
            set(2, place < Shape::across - 1 ? behind : at(pixel, c + N, has));
        } else {
#pragma unroll
            for (int i = 0; i < 2 * packs + 1; i++)
                if (i != packs) set(i, at(pixel, c + (i - packs) * N, has));
        }
    }
    __device__ static Pack<N> at(const float* pixel, int c, bool has) {
        if (has && c >= 0 && c < X::c) return load<N>(pixel + c);
        return {};
    }
    __device__ void set(int i, const Pack<N>& pack) {
#pragma unroll
        for (int k = 0; k < N; k++) all[i * N + k] = pack.at[k];
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
    constexpr int n = channels_together<X, Y>(), half = D::n / 2;
    typedef Lanes<X, n> Shape;
    Shape::for_pixels(team, images * X::pixels, [&](Index pixel, bool valid) {
        const float* from = x + X::at(pixel);
        for (int i = 0; i < Shape::count; i++) {
            const bool has = valid && Shape::has(i);
            const int c = Shape::channel(i);
            Pack<n> pack;
            if constexpr (lrn_is_narrow<D>()) {
                Around<X, n, half> around(from, c, has);
#pragma unroll
                for (int k = 0; k < n; k++) {
                    float sum = 0.0f;
#pragma unroll
                    for (int j = -half; j <= half; j++) sum = fmaf(around.at(k + j), around.at(k + j), sum);
                    pack.at[k] = around.at(k) * power<D>(fmaf(D::alpha, sum, D::k));
                }
            } else if (has) {
                for (int k = 0; k < n; k++) pack.at[k] = from[c + k] * power<D>(lrn_sum<D, X>(from, c + k));
            }
            if (has) store(y + Y::at(pixel) + c, pack);
        }
    });
}

// The gradient of a pack by the formula at `lrn_backward`.
template <class D, class X, class DY, int N>
__device__ inline Pack<N> lrn_narrow(const float* x, const float* dy, int c, bool has) {
    constexpr int half = D::n / 2;
    constexpr float factor = 2.0f * D::alpha * D::beta;
    Around<X, N, 2 * half> around(x, c, has);
    Around<DY, N, half> through(dy, c, has);
    float terms[N + 2 * half], powers[N];
#pragma unroll
    for (int j = -half; j < N + half; j++) {
        float sum = 0.0f;
#pragma unroll
        for (int l = -half; l <= half; l++) sum = fmaf(around.at(j + l), around.at(j + l), sum);
        const float s = fmaf(D::alpha, sum, D::k), raised = power<D>(s);
        terms[j + half] = __fdividef(through.at(j) * around.at(j) * raised, s);
        if (j >= 0 && j < N) powers[j] = raised;
    }
    Pack<N> pack;
#pragma unroll
    for (int k = 0; k < N; k++) {
        float sum = 0.0f;
#pragma unroll
        for (int j = 0; j <= 2 * half; j++) sum += terms[k + j];
        pack.at[k] = through.at(k) * powers[k] - factor * around.at(k) * sum;
    }
    return pack;
}

// The same where the window is too wide for registers.
template <class D, class X, int N>
__device__ inline Pack<N> lrn_wide(const float* x, const float* dy, int c) {
    constexpr int half = D::n / 2;
    constexpr float factor = 2.0f * D::alpha * D::beta;
    Pack<N> pack;
    for (int k = 0; k < N; k++) {
        float sum = 0.0f;
        for (int j = most(c + k - half, 0); j <= c + k + half && j < X::c; j++) {
            const float s = lrn_sum<D, X>(x, j);
            sum += dy[j] * x[j] * power<D>(s) / s;
        }
        pack.at[k] = dy[c + k] * power<D>(lrn_sum<D, X>(x, c + k)) - factor * x[c + k] * sum;
    }
    return pack;
}

// With s as in the power and t[j] = dy[j] x[j] s[j]^(-beta - 1): dx[i] = dy[i] s[i]^-beta - 2 alpha beta x[i] * (sum of t[j], j around i).
template <class D, class V, class T, class G>
__device__ void lrn_backward(T team, Index images, const float* x, const float* dy, G dx) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int n = channels_together<X, DY, DX>();
    typedef Lanes<X, n> Shape;
    Shape::for_pixels(team, images * X::pixels, [&](Index pixel, bool valid) {
        const float* from = x + X::at(pixel);
        const float* gradient = dy + DY::at(pixel);
        for (int i = 0; i < Shape::count; i++) {
            const bool has = valid && Shape::has(i);
            const int c = Shape::channel(i);
            Pack<n> pack;
            if constexpr (lrn_is_narrow<D>()) {
                pack = lrn_narrow<D, X, DY, n>(from, gradient, c, has);
            } else if (has) {
                pack = lrn_wide<D, X, n>(from, gradient, c);
            }
            if (has) put<V::add0>(dx + DX::at(pixel) + c, pack);
        }
    });
}
