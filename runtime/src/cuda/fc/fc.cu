// y = act(W x + b): W [units, inputs], one row after the other.

// A warp an output: its lanes read neighbouring inputs and weights, several loads under way at a time.
template <class D, class V, class T>
__device__ void fc_plain(T team, Index images, const float* x, float* y, const float* weight, const float* bias) {
    constexpr int inputs = V::X0::len, n = V::aligned && inputs % 4 == 0 ? together<typename V::X0>() : 1;
    for (Index i = team.warp(); i < images * D::units; i += team.warps()) {
        Index image = i / D::units;
        int unit = i % D::units;
        float sum = 0.0f;
#pragma unroll 4
        for (int k = lane() * n; k < inputs; k += 32 * n) {
            const Pack<n> from = load<n>(x + V::X0::element(image * inputs + k)), w = load<n>(weight + (Index)unit * inputs + k);
            for (int q = 0; q < n; q++) sum = fmaf(from.at[q], w.at[q], sum);
        }
        sum = warp_sum(sum);
        if (lane() == 0) y[V::Y::element(i)] = activate<D>(bias ? sum + bias[unit] : sum);
    }
}

// dx[k] = sum over units of dy * W[unit, k]: a thread an input.
template <class D, class V, class T, class G>
__device__ void fc_input_plain(T team, Index images, const float* dy, G dx, const float* weight) {
    constexpr int inputs = V::DX0::len;
    for (Index i = team.thread(); i < images * inputs; i += team.threads()) {
        const float* from = dy + V::DY::at(i / inputs);
        const float* column = weight + i % inputs;
        float sum = 0.0f;
        for (int unit = 0; unit < D::units; unit++) sum = fmaf(from[unit], column[(Index)unit * inputs], sum);
        put<V::add0>(dx + V::DX0::element(i), sum);
    }
}

// A picture as the vector that it is read as, and the convolution that the layer is over a picture of one pixel.
template <class V>
using Vector = View<1, 1, V::len, V::pixels == 1 ? V::pixel : V::len, V::channel>;
struct OnePixel {
    static constexpr int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0, dilation_h = 1, dilation_w = 1;
    static constexpr int groups = 1;
};

// Images that are few: computed at once.
constexpr int FEW = 4;

template <int AT>
__device__ inline void read(float (&to)[AT], const float* from) {
    if constexpr (AT == 4) {
        const float4 four = *(const float4*)from;
        to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;
    } else to[0] = *from;
}

// WARPS warps add up ROWS units of up to IMAGES images, `first` the first unit; each weight is read once.
template <class D, class X, class Y, bool ALIGNED, int WARPS, int ROWS, int IMAGES>
__device__ void fc_rows(const float* x, float* y, const float* weight, const float* bias, int first, Index images, float* shared) {
    constexpr int at = ALIGNED ? at_once<X>(X::c) : 1;
    const int warp = threadIdx.x / 32, part = warp % WARPS;
    float sum[ROWS][IMAGES] = {};
#pragma unroll 2
    for (int k = (part * 32 + lane()) * at; k < X::c; k += WARPS * 32 * at) {
        float w[ROWS][at], from[IMAGES][at];
#pragma unroll
        for (int r = 0; r < ROWS; r++) read<at>(w[r], weight + (Index)(first + r < D::units ? first + r : 0) * X::c + k);
#pragma unroll
        for (int i = 0; i < IMAGES; i++) read<at>(from[i], x + X::at(i < images ? i : 0) + k);
#pragma unroll
        for (int r = 0; r < ROWS; r++)
#pragma unroll
            for (int i = 0; i < IMAGES; i++)
#pragma unroll
                for (int q = 0; q < at; q++) sum[r][i] = fmaf(w[r][q], from[i][q], sum[r][i]);
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int i = 0; i < IMAGES; i++) {
            sum[r][i] = warp_sum(sum[r][i]);
            if (lane() == 0) shared[warp * (ROWS * IMAGES) + r * IMAGES + i] = sum[r][i];
        }
    __syncthreads();
    const int i = lane() % IMAGES, r = lane() / IMAGES;
    if (part == 0 && r < ROWS && first + r < D::units && i < images) {
        float total = bias ? bias[first + r] : 0.0f;
        for (int p = 0; p < WARPS; p++) total += shared[(warp + p) * (ROWS * IMAGES) + lane()];
        y[Y::at(i) + first + r] = activate<D>(total);
    }
    __syncthreads();
}

// Few images are limited by reading the weights, many are a product by tiles. WARPS of a block share ROWS units of few images.
template <class D, class V, int M, int N, int THREADS, int LEAST, int WARPS, int ROWS, class T>
__device__ void fc(T team, Index images, const float* x, float* y, const float* weight, const float* bias, float* scratch, unsigned* arrived) {
    typedef Vector<typename V::X0> X;
    typedef typename V::Y Y;
    constexpr int units = THREADS / 32 / WARPS * ROWS;
    if (images > FEW) {
        window_product<Tile<M, N, THREADS>, LEAST, OnePixel, D, X, Y, V::aligned, false, false>(team, images, x, y, weight, bias, scratch, arrived);
        return;
    }
    __shared__ float shared[THREADS / 32 * ROWS * FEW];
    const int own = threadIdx.x / 32 / WARPS * ROWS;
    for (Index tile = team.tile(); tile * units < D::units; tile += team.tiles()) {
        if (images == 1) fc_rows<D, X, Y, V::aligned, WARPS, ROWS, 1>(x, y, weight, bias, tile * units + own, images, shared);
        else fc_rows<D, X, Y, V::aligned, WARPS, ROWS, FEW>(x, y, weight, bias, tile * units + own, images, shared);
    }
}

template <class D, class V, int M, int N, int THREADS, int LEAST, class T, class W, class B>
__device__ void fc_weights(T team, Index images, const float* x, const float* dy, W weight, B bias, float* scratch, unsigned* arrived) {
    weight_product<Tile<M, N, THREADS>, LEAST, OnePixel, Vector<typename V::X0>, typename V::DY, V::aligned, V::adds>(team, images, x, dy, weight,
                                                                                                         bias, scratch, arrived);
}

template <class D, class V, int M, int N, int THREADS, int LEAST, class T, class G>
__device__ void fc_input(T team, Index images, const float* dy, G dx, const float* weight, const float* none, float* scratch,
                         unsigned* arrived) {
    transposed_product<Tile<M, N, THREADS>, LEAST, OnePixel, Plain, typename V::DY, Vector<typename V::DX0>, V::aligned, V::add0>(
        team, images, dy, dx, weight, none, scratch, arrived);
}
