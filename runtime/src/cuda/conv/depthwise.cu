
// Depthwise convolutions: a filter a channel, weights [kernel_h, kernel_w, channels]. Memory limits them: what a tile of HIGH x WIDE pixels
// depends on is copied to shared memory once, 32 channels of it; a lane is a channel, and a warp computes strips of a row.

// Pixels of a row that a thread computes together.
template <int WIDE>
constexpr int strip = WIDE == 8 ? 4 : WIDE == 6 ? 3 : WIDE;

// Copies H x W pixels from (top, left) on, the channels from c on, zeros beyond the edges; the copies are one group.
template <class SOURCE, int H, int W>
__device__ inline void copy_patch(float* to, const float* from, Index image, int top, int left, int c) {
    constexpr int at = at_once<SOURCE>(SOURCE::c), chunks = 32 / at;
    for (int i = threadIdx.x; i < H * W * chunks; i += blockDim.x) {
        const int pixel = i / chunks, channel = c + i % chunks * at, y = top + pixel / W, x = left + pixel % W;
        const bool valid = channel < SOURCE::c && (unsigned)y < (unsigned)SOURCE::h && (unsigned)x < (unsigned)SOURCE::w;
        copy_async<at>(to + i * at, valid ? from + SOURCE::at(image, y, x) + channel : from, valid);
    }
}

// Copies the filters of 32 channels.
template <class D, int C>
__device__ inline void copy_filters(float* to, const float* weight, int c) {
    for (int i = threadIdx.x; i < D::kernel_h * D::kernel_w * 32; i += blockDim.x) {
        const bool valid = c + i % 32 < C;
        copy_async_4(to + i, valid ? weight + i / 32 * C + c + i % 32 : weight, valid);
    }
}

// The tiles of a picture for 32 channels at a time, channels first, so that neighbours read the same lines of memory.
template <class VIEW, int HIGH, int WIDE>
struct Patches {
    static constexpr int down = (VIEW::h + HIGH - 1) / HIGH, across = (VIEW::w + WIDE - 1) / WIDE, parts = (VIEW::c + 31) / 32;
    static constexpr int each = down * across;
    Index image;
    int y, x;
    // Of one group of channels.
    __device__ explicit Patches(Index tile) : image(tile / each), y((int)(tile / across % down) * HIGH), x((int)(tile % across) * WIDE) {}
};

template <class D, class V, int HIGH, int WIDE, class T>
__device__ void depthwise(T team, Index images, const float* x, float* y, const float* weight, const float* bias) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    typedef Patches<Y, HIGH, WIDE> Tiles;
    constexpr int patch_h = (HIGH - 1) * D::stride_h + (D::kernel_h - 1) * D::dilation_h + 1;
    constexpr int patch_w = (WIDE - 1) * D::stride_w + (D::kernel_w - 1) * D::dilation_w + 1;
    __shared__ float4 shared[(patch_h * patch_w + D::kernel_h * D::kernel_w) * 8];
    float* patch = (float*)shared;
    float* filters = patch + patch_h * patch_w * 32;
    for (Index t = team.tile(); t < images * (Tiles::each * Tiles::parts); t += team.tiles()) {
        const Tiles tile(t / Tiles::parts);
        const int first = t % Tiles::parts * 32, c = first + lane();
        copy_filters<D, Y::c>(filters, weight, first);
        copy_patch<X, patch_h, patch_w>(patch, x, tile.image, tile.y * D::stride_h - D::pad_top, tile.x * D::stride_w - D::pad_left, first);
        copy_async_commit();
        copy_async_wait<0>();
        __syncthreads();
        const float add = bias && c < Y::c ? bias[c] : 0.0f;
        for (int i = threadIdx.x / 32; i < HIGH * (WIDE / strip<WIDE>); i += blockDim.x / 32) {
            const int down = i / (WIDE / strip<WIDE>), right = i % (WIDE / strip<WIDE>) * strip<WIDE>;
            const float* from = patch + (down * D::stride_h * patch_w + right * D::stride_w) * 32 + lane();
            float sum[strip<WIDE>] = {};
#pragma unroll
            for (int ky = 0; ky < D::kernel_h; ky++)
#pragma unroll
                for (int kx = 0; kx < D::kernel_w; kx++) {
                    const float w = filters[(ky * D::kernel_w + kx) * 32 + lane()];
#pragma unroll
                    for (int j = 0; j < strip<WIDE>; j++)
                        sum[j] = fmaf(from[(ky * D::dilation_h * patch_w + j * D::stride_w + kx * D::dilation_w) * 32], w, sum[j]);
                }
            if (c >= Y::c || tile.y + down >= Y::h) continue;
#pragma unroll
            for (int j = 0; j < strip<WIDE>; j++)
                if (tile.x + right + j < Y::w) y[Y::at(tile.image, tile.y + down, tile.x + right + j) + c] = activate<D>(sum[j] + add);
        }
        __syncthreads();
    }
}

// The largest whole number that is not above a / b.
__device__ inline int floor_of(int a, int b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

template <class D, class V, int HIGH, int WIDE, class T, class G>
__device__ void depthwise_input(T team, Index images, const float* dy, G dx, const float* weight) {
    typedef typename V::DX0 X;
    typedef typename V::DY Y;
    typedef Patches<X, HIGH, WIDE> Tiles;
    constexpr int reach_h = (D::kernel_h - 1) * D::dilation_h, reach_w = (D::kernel_w - 1) * D::dilation_w;
    constexpr int patch_h = (HIGH - 1 + reach_h) / D::stride_h + (D::stride_h > 1 ? 2 : 1);
    constexpr int patch_w = (WIDE - 1 + reach_w) / D::stride_w + (D::stride_w > 1 ? 2 : 1);
    __shared__ float4 shared[(patch_h * patch_w + D::kernel_h * D::kernel_w) * 8];
    float* patch = (float*)shared;
    float* filters = patch + patch_h * patch_w * 32;
    for (Index t = team.tile(); t < images * (Tiles::each * Tiles::parts); t += team.tiles()) {
        const Tiles tile(t / Tiles::parts);
        const int first = t % Tiles::parts * 32, c = first + lane();
        const int top = floor_of(tile.y + D::pad_top - reach_h, D::stride_h), left = floor_of(tile.x + D::pad_left - reach_w, D::stride_w);
        copy_filters<D, X::c>(filters, weight, first);
        copy_patch<Y, patch_h, patch_w>(patch, dy, tile.image, top, left, first);
        copy_async_commit();
        copy_async_wait<0>();
        __syncthreads();
        for (int i = threadIdx.x / 32; i < HIGH * (WIDE / strip<WIDE>); i += blockDim.x / 32) {
            const int iy = tile.y + i / (WIDE / strip<WIDE>), ix = tile.x + i % (WIDE / strip<WIDE>) * strip<WIDE>;
            // Places in the patch, times the stride; a cell of the kernel before them.
            const int down = iy + D::pad_top - top * D::stride_h, right = ix + D::pad_left - left * D::stride_w;
            float sum[strip<WIDE>] = {};
#pragma unroll
            for (int ky = 0; ky < D::kernel_h; ky++) {
                const int row = down - ky * D::dilation_h;
                if (row % D::stride_h != 0) continue;
#pragma unroll
                for (int kx = 0; kx < D::kernel_w; kx++) {
                    const float w = filters[(ky * D::kernel_w + kx) * 32 + lane()];
#pragma unroll
                    for (int j = 0; j < strip<WIDE>; j++) {
                        const int column = right + j - kx * D::dilation_w;
                        if (column % D::stride_w == 0)
                            sum[j] = fmaf(patch[(row / D::stride_h * patch_w + column / D::stride_w) * 32 + lane()], w, sum[j]);
                    }
                }
            }
            if (c >= X::c || iy >= X::h) continue;
#pragma unroll
            for (int j = 0; j < strip<WIDE>; j++)
                if (ix + j < X::w) put<V::add0>(dx + X::at(tile.image, iy, ix + j) + c, sum[j]);
        }
        __syncthreads();
    }
}

// SHARES blocks share the tiles of a group of channels; the last of them adds up what each has, in order.
template <class D, class V, int HIGH, int WIDE, int SHARES, class T>
__device__ void depthwise_weights(T team, Index images, const float* x, const float* dy, float* weight, float* bias, float* scratch,
                                  unsigned* arrived) {
    typedef typename V::X0 X;
    typedef typename V::DY Y;
    typedef Patches<Y, HIGH, WIDE> Tiles;
    constexpr int cells = D::kernel_h * D::kernel_w, numbers = (cells + 1) * 32;
    constexpr int patch_h = (HIGH - 1) * D::stride_h + (D::kernel_h - 1) * D::dilation_h + 1;
    constexpr int patch_w = (WIDE - 1) * D::stride_w + (D::kernel_w - 1) * D::dilation_w + 1;
    __shared__ float4 shared[patch_h * patch_w * 8];
    __shared__ float sums[8][32];
    __shared__ bool last;
    float* patch = (float*)shared;
    for (Index t = team.tile(); t < SHARES * Tiles::parts; t += team.tiles()) {
        const int part = t % Tiles::parts, share = t / Tiles::parts, c = part * 32 + lane();
        // The gradient of the bias comes after those of the cells.
        float sum[cells + 1] = {};
        for (Index at = share; at < images * Tiles::each; at += SHARES) {
            const Tiles tile(at);
            copy_patch<X, patch_h, patch_w>(patch, x, tile.image, tile.y * D::stride_h - D::pad_top, tile.x * D::stride_w - D::pad_left,
                                            part * 32);
            copy_async_commit();
            copy_async_wait<0>();
            __syncthreads();
            for (int i = threadIdx.x / 32; i < HIGH * WIDE; i += blockDim.x / 32) {
                const int down = i / WIDE, right = i % WIDE;
                if (c >= Y::c || tile.y + down >= Y::h || tile.x + right >= Y::w) continue;
                const float one = dy[Y::at(tile.image, tile.y + down, tile.x + right) + c];
                const float* from = patch + (down * D::stride_h * patch_w + right * D::stride_w) * 32 + lane();
#pragma unroll
                for (int k = 0; k < cells; k++) {
                    const int ky = k / D::kernel_w, kx = k % D::kernel_w;
                    sum[k] = fmaf(from[(ky * D::dilation_h * patch_w + kx * D::dilation_w) * 32], one, sum[k]);
                }
                sum[cells] += one;
            }
            __syncthreads();
        }
        float* own = scratch + (Index)(part * SHARES + share) * numbers;
#pragma unroll
        for (int k = 0; k <= cells; k++) {
            sums[threadIdx.x / 32][lane()] = sum[k];
            __syncthreads();
            if (threadIdx.x < 32) {
                float total = 0.0f;
                for (int w = 0; w < blockDim.x / 32; w++) total += sums[w][lane()];
                own[k * 32 + lane()] = total;
            }
            __syncthreads();
        }
        __threadfence();
        __syncthreads();
        if (threadIdx.x == 0) last = atomicAdd(arrived + part, 1u) == SHARES - 1;
        __syncthreads();
        if (last) {
            __threadfence();
            for (int i = threadIdx.x; i < numbers; i += blockDim.x) {
                const int channel = part * 32 + i % 32;
                if (channel >= Y::c) continue;
                float total = 0.0f;
                for (int s = 0; s < SHARES; s++) total += __ldcg(scratch + (Index)(part * SHARES + s) * numbers + i);
                if (i / 32 < cells) put<V::adds>(weight + i / 32 * Y::c + channel, total);
                else if (bias) put<V::adds>(bias + channel, total);
            }
            if (threadIdx.x == 0) arrived[part] = 0;
        }
        __syncthreads();
    }
}
