// Transposed convolution: the products of the convolution that it is the transpose of, with input and output exchanged; weights [channels,
// kernel_h, kernel_w, filters of the group].

// By the definition, one thread an output, filters next to each other.
template <class D, class V, class T>
__device__ void deconv_plain(T team, Index images, const float* x, float* y, const float* weight, const float* bias) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int depth = X::c / D::groups, of_group = Y::c / D::groups;
    for (Index i = team.thread(); i < images * Y::len; i += team.threads()) {
        int f = i % Y::c, ox = i / Y::c % Y::w, oy = i / (Y::c * Y::w) % Y::h;
        Index image = i / Y::len;
        float sum = bias ? bias[f] : 0.0f;
        for (int ky = 0; ky < D::kernel_h; ky++) {
            int down = oy + D::pad_top - ky * D::dilation_h;
            if (down < 0 || down % D::stride_h != 0 || down / D::stride_h >= X::h) continue;
            for (int kx = 0; kx < D::kernel_w; kx++) {
                int right = ox + D::pad_left - kx * D::dilation_w;
                if (right < 0 || right % D::stride_w != 0 || right / D::stride_w >= X::w) continue;
                const float* pixel = x + X::at(image, down / D::stride_h, right / D::stride_w);
                for (int c = f / of_group * depth; c < (f / of_group + 1) * depth; c++)
                    sum = fmaf(pixel[c], weight[((Index)c * (D::kernel_h * D::kernel_w) + ky * D::kernel_w + kx) * of_group + f % of_group], sum);
            }
        }
        y[Y::element(i)] = activate<D>(sum);
    }
}

template <class D, class V, int M, int N, int THREADS, int LEAST, class T>
__device__ void deconv(T team, Index images, const float* x, float* y, const float* weight, const float* bias, float* scratch,
                       unsigned* arrived) {
    transposed_product<Tile<M, N, THREADS>, LEAST, D, D, typename V::X0, typename V::Y, V::aligned, false>(team, images, x, y, weight, bias, scratch, arrived);
}

template <class D, class V, int M, int N, int THREADS, int LEAST, class T, class G>
__device__ void deconv_input(T team, Index images, const float* dy, G dx, const float* weight, const float* none, float* scratch,
                             unsigned* arrived) {
    window_product<Tile<M, N, THREADS>, LEAST, D, Plain, typename V::DY, typename V::DX0, V::aligned, false, V::add0>(team, images, dy, dx, weight, none, scratch,
                                                                                                 arrived);
}

// The convolution reads the gradient of the output, and x is the gradient of what it gives.
template <class D, class V, int M, int N, int THREADS, int LEAST, class T>
__device__ void deconv_weights(T team, Index images, const float* x, const float* dy, float* weight, float* none, float* scratch,
                               unsigned* arrived) {
    weight_product<Tile<M, N, THREADS>, LEAST, D, typename V::DY, typename V::X0, V::aligned, V::adds>(team, images, dy, x, weight, none, scratch, arrived);
}

// A warp a filter, pixels in order.
template <class D, class V, class T>
__device__ void deconv_bias(T team, Index images, const float* dy, float* bias) {
    typedef typename V::DY DY;
    if (!bias) return;
    for (Index f = team.warp(); f < DY::c; f += team.warps()) {
        float sum = 0.0f;
        for (Index p = lane(); p < images * DY::pixels; p += 32) sum += dy[DY::at(p) + f];
        sum = warp_sum(sum);
        if (lane() == 0) put<V::adds>(bias + f, sum);
    }
}
