// Convolution; weights [filters, kernel_h, kernel_w, channels of the group].

// By the definition, for a block that computes an image alone. It keeps the weights of some filters in shared memory, each `pitch` numbers from
// the last, so that lanes with neighbouring filters meet different banks; a thread has neighbouring outputs of a row and one filter. Where few
// filters fit, a warp computes an output: lanes read neighbouring weights.
// DEPTHWISE: weights [kernel_h, kernel_w, filters].
constexpr int MOST_KEPT = 2560;
__device__ inline float* kept_weights() {
    __shared__ float numbers[MOST_KEPT];
    return numbers;
}

template <class D, class V, int DEPTHWISE>
struct Filter {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    static constexpr int depth = X::c / D::groups, filters = Y::c, terms = D::kernel_h * D::kernel_w * depth;
    static constexpr int pitch = terms | 1, fit = MOST_KEPT / pitch, count = fit < filters ? fit : filters;
    static constexpr bool keeps = count == filters || Y::pixels * count >= block_size;

    // The strip that leaves no thread of a block idle, if one does, and whose inputs fit into registers.
    static constexpr int reach = (D::kernel_w - 1) * D::dilation_w + 1;
    static constexpr bool serves(int strip) {
        return Y::h * ((Y::w + strip - 1) / strip) * count >= block_size && (strip - 1) * D::stride_w + reach <= 32;
    }
    static constexpr int strip = serves(4) ? 4 : serves(2) ? 2 : 1;
    static constexpr int span = (strip - 1) * D::stride_w + reach;

    // Where a weight lies.
    __device__ static int place(int f, int term) { return DEPTHWISE ? term * filters + f : f * filters_apart(V::packed, terms) + term; }
    // The first channel that a filter sees.
    __device__ static int channel(int f) { return f / (filters / D::groups) * depth; }

    // Keeps the weights of the filters from `first` on; all threads of the block call it.
    __device__ static void keep(const float* weight, int first) {
        for (int i = threadIdx.x; i < count * terms; i += blockDim.x) {
            const int f = DEPTHWISE ? i % count : i / terms, term = DEPTHWISE ? i / count : i % terms;
            if (first + f < filters) kept_weights()[f * pitch + term] = weight[place(first + f, term)];
        }
        __syncthreads();
    }

    // Adds what a row of a kernel gives: `row` is where the picture's row begins, `left` the first cell, `kernel` the row's weights.
    __device__ static void add_row(float (&sum)[strip], const float* row, int left, const float* kernel) {
        for (int c = 0; c < depth; c++) {
            float in[span];
#pragma unroll
            for (int j = 0; j < span; j++) {
                const bool is = (unsigned)(left + j) < (unsigned)X::w;
                const float one = row[(is ? left + j : 0) * X::pixel + c];
                in[j] = is ? one : 0.0f;
            }
#pragma unroll
            for (int kx = 0; kx < D::kernel_w; kx++) {
                const float w = kernel[kx * depth + c];
#pragma unroll
                for (int j = 0; j < strip; j++) sum[j] = fmaf(in[j * D::stride_w + kx * D::dilation_w], w, sum[j]);
            }
        }
    }

    // This lane's share of the sum for an output.
    __device__ static float share(const float* x, Index image, int oy, int ox, const float* weight, int f) {
        float sum = 0.0f;
        for (int term = lane(); term < terms; term += 32) {
            const int cell = term / depth, iy = oy * D::stride_h + cell / D::kernel_w * D::dilation_h - D::pad_top;
            const int ix = ox * D::stride_w + cell % D::kernel_w * D::dilation_w - D::pad_left;
            if ((unsigned)iy < (unsigned)X::h && (unsigned)ix < (unsigned)X::w)
                sum = fmaf(x[X::at(image, iy, ix) + channel(f) + term % depth], weight[place(f, term)], sum);
        }
        return sum;
    }
};

// What is added to a place of the output before the activation: a bias, and a picture's number.
template <class Y, class FROM>
struct Base {
    const float *bias, *added;
    __device__ float operator()(Index image, int oy, int ox, int f) const {
        float base = bias ? bias[f] : 0.0f;
        if constexpr (!is_nothing<FROM>) base += added[FROM::at(image, oy, ox) + f];
        return base;
    }
};

template <class F, class D, class T, class B>
__device__ void conv_kept(T team, Index images, const float* x, float* y, const float* weight, B base) {
    typedef typename F::X X;
    typedef typename F::Y Y;
    constexpr int across = (Y::w + F::strip - 1) / F::strip;
    for (int first = 0; first < F::filters; first += F::count) {
        F::keep(weight, first);
        for (Index i = team.thread(); i < images * (Y::h * across * F::count); i += team.threads()) {
            const int own = i % F::count, f = first + own, ox = i / F::count % across * F::strip, oy = i / (F::count * across) % Y::h;
            if (f >= F::filters) continue;
            const Index image = i / (F::count * across * Y::h);
            const float* kernel = kept_weights() + own * F::pitch;
            float sum[F::strip];
            for (int j = 0; j < F::strip; j++) sum[j] = ox + j < Y::w ? base(image, oy, ox + j, f) : 0.0f;
            for (int ky = 0; ky < D::kernel_h; ky++) {
                const int iy = oy * D::stride_h + ky * D::dilation_h - D::pad_top;
                if (iy < 0 || iy >= X::h) continue;
                F::add_row(sum, x + X::at(image, iy, 0) + F::channel(f), ox * D::stride_w - D::pad_left, kernel + ky * D::kernel_w * F::depth);
            }
#pragma unroll
            for (int j = 0; j < F::strip; j++)
                if (ox + j < Y::w) y[Y::at(image, oy, ox + j) + f] = activate<D>(sum[j]);
        }
        __syncthreads();
    }
}

template <class F, class D, class T, class B>
__device__ void conv_by_warps(T team, Index images, const float* x, float* y, const float* weight, B base) {
    typedef typename F::Y Y;
    for (Index i = team.warp(); i < images * Y::len; i += team.warps()) {
        const int ox = i % Y::w, oy = i / Y::w % Y::h, f = i / Y::pixels % F::filters;
        const Index image = i / Y::len;
        const float sum = warp_sum(F::share(x, image, oy, ox, weight, f));
        if (lane() == 0) y[Y::at(image, oy, ox) + f] = activate<D>(sum + base(image, oy, ox, f));
    }
}

template <class D, class V, int DEPTHWISE, class FROM = Nothing, class T>
__device__ void conv_plain(T team, Index images, const float* x, float* y, const float* weight, const float* bias, const float* added = nullptr) {
    typedef Filter<D, V, DEPTHWISE> F;
    const Base<typename V::Y, FROM> base = {bias, added};
    if constexpr (F::keeps) conv_kept<F, D>(team, images, x, y, weight, base);
    else conv_by_warps<F, D>(team, images, x, y, weight, base);
}

template <class D, class V, class T>
__device__ void conv_add_plain(T team, Index images, const float* x, float* y, const float* weight, const float* bias, const float* added) {
    conv_plain<D, V, 0, typename V::X1>(team, images, x, y, weight, bias, added);
}

// The gradients of an image's outputs, for a block that computes an image alone.
constexpr int MOST_KEPT_GRADIENTS = 4096;
__device__ inline float* kept_gradients() {
    __shared__ float numbers[MOST_KEPT_GRADIENTS];
    return numbers;
}

// One thread an input. Weights and the gradients of an image's outputs are kept in shared memory where they fit there: neighbouring lanes have
// neighbouring channels of few pixels, and walk over the filters of these pixels.
template <class D, class V>
struct InputGradient {
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    static constexpr int depth = DX::c / D::groups, of_group = DY::c / D::groups, terms = D::kernel_h * D::kernel_w * depth;
    // From pixel to pixel, so that lanes with neighbouring pixels meet different banks.
    static constexpr int pitch = DY::c | 1;
    static constexpr bool keeps = DY::c * terms <= MOST_KEPT && DY::pixels * pitch <= MOST_KEPT_GRADIENTS;

    // All threads of the block call these; what comes after `keep` may read both.
    __device__ static void keep_weights(const float* weight) {
        for (int i = threadIdx.x; i < DY::c * terms; i += blockDim.x) kept_weights()[i] = weight[i];
    }
    __device__ static void keep(const float* dy, Index image) {
        for (int i = threadIdx.x; i < DY::len; i += blockDim.x) kept_gradients()[i / DY::c * pitch + i % DY::c] = dy[DY::element(image * DY::len + i)];
        __syncthreads();
    }

    // The sum for an input of an image: the image's gradients lie `apart` from pixel to pixel.
    __device__ static float of(const float* dy, int apart, const float* weight, int input) {
        const int c = input % DX::c, ix = input / DX::c % DX::w, iy = input / (DX::c * DX::w), first = c / depth * of_group;
        float sum = 0.0f;
        for (int ky = 0; ky < D::kernel_h; ky++) {
            const int down = iy + D::pad_top - ky * D::dilation_h;
            if (down < 0 || down % D::stride_h != 0 || down / D::stride_h >= DY::h) continue;
            for (int kx = 0; kx < D::kernel_w; kx++) {
                const int right = ix + D::pad_left - kx * D::dilation_w;
                if (right < 0 || right % D::stride_w != 0 || right / D::stride_w >= DY::w) continue;
                const float* from = dy + (Index)(down / D::stride_h * DY::w + right / D::stride_w) * apart + first;
                const float* w = weight + (Index)first * terms + (ky * D::kernel_w + kx) * depth + c % depth;
                for (int f = 0; f < of_group; f++) sum = fmaf(from[f], w[(Index)f * terms], sum);
            }
        }
        return sum;
    }
};

template <class D, class V, class T, class G>
__device__ void conv_input_plain(T team, Index images, const float* dy, G dx, const float* weight) {
    typedef InputGradient<D, V> Of;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    if constexpr (Of::keeps) {
        Of::keep_weights(weight);
        for (Index image = 0; image < images; image++) {
            Of::keep(dy, image);
            for (Index i = team.thread(); i < DX::len; i += team.threads())
                put<V::add0>(dx + DX::element(image * DX::len + i), Of::of(kept_gradients(), Of::pitch, kept_weights(), i));
            __syncthreads();
        }
    } else {
        for (Index i = team.thread(); i < images * DX::len; i += team.threads())
            put<V::add0>(dx + DX::element(i), Of::of(dy + DY::at(i / DX::len, 0, 0), DY::pixel, weight, i % DX::len));
    }
}

template <class D, class V, int M, int N, int THREADS, int LEAST, class T>
__device__ void conv(T team, Index images, const float* x, float* y, const float* weight, const float* bias, float* scratch, unsigned* arrived) {
    window_product<Tile<M, N, THREADS>, LEAST, D, D, typename V::X0, typename V::Y, V::aligned, V::packed, false>(team, images, x, y, weight, bias, scratch,
                                                                                                               arrived);
}

// Of few channels: tiles of M / WIDE x WIDE pixels.
template <class D, class V, int M, int N, int THREADS, int LEAST, int WIDE, class T>
__device__ void conv_patch(T team, Index images, const float* x, float* y, const float* weight, const float* bias, float* scratch,
                           unsigned* arrived) {
    constexpr int apart = filters_apart(V::packed, D::kernel_h * D::kernel_w * V::X0::c);
    patch_product<Tile<M, N, THREADS>, WIDE, LEAST, D, typename V::X0, typename V::Y, V::aligned, apart>(team, images, x, y, weight, bias, scratch,
                                                                                                       arrived);
}

// The same onto a picture.
template <class D, class V, int M, int N, int THREADS, int LEAST, class T>
__device__ void conv_add(T team, Index images, const float* x, float* y, const float* weight, const float* bias, float* scratch, unsigned* arrived,
                         const float* added) {
    window_product<Tile<M, N, THREADS>, LEAST, D, D, typename V::X0, typename V::Y, V::aligned, V::packed, false, typename V::X1>(
        team, images, x, y, weight, bias, scratch, arrived, added);
}

template <class D, class V, int M, int N, int THREADS, int LEAST, int WIDE, class T>
__device__ void conv_add_patch(T team, Index images, const float* x, float* y, const float* weight, const float* bias, float* scratch,
                               unsigned* arrived, const float* added) {
    constexpr int apart = filters_apart(V::packed, D::kernel_h * D::kernel_w * V::X0::c);
    patch_product<Tile<M, N, THREADS>, WIDE, LEAST, D, typename V::X0, typename V::Y, V::aligned, apart, typename V::X1>(team, images, x, y, weight, bias,
                                                                                                                        scratch, arrived, added);
}

template <class D, class V, int M, int N, int THREADS, int LEAST, class T, class G>
__device__ void conv_input(T team, Index images, const float* dy, G dx, const float* weight, const float* none, float* scratch,
                           unsigned* arrived) {
    transposed_product<Tile<M, N, THREADS>, LEAST, D, Plain, typename V::DY, typename V::DX0, V::aligned, V::add0>(team, images, dy, dx, weight, none,
                                                                                                     scratch, arrived);
}

template <class D, class V, int M, int N, int THREADS, int LEAST, class T, class W, class B>
__device__ void conv_weights(T team, Index images, const float* x, const float* dy, W weight, B bias, float* scratch, unsigned* arrived) {
    weight_product<Tile<M, N, THREADS>, LEAST, D, typename V::X0, typename V::DY, V::aligned, V::adds>(team, images, x, dy, weight, bias, scratch, arrived);
}
