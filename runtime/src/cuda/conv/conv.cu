// Convolution; weights [filters, kernel_h, kernel_w, channels of the group].

// By the definition, one thread an output, filters next to each other.
// DEPTHWISE: weights [kernel_h, kernel_w, filters].
template <class D, class V, int DEPTHWISE, class T>
__device__ void conv_plain(T team, Index images, const float* x, float* y, const float* weight, const float* bias) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int depth = X::c / D::groups, of_group = Y::c / D::groups;
    for (Index i = team.thread(); i < images * Y::len; i += team.threads()) {
        int f = i % Y::c, ox = i / Y::c % Y::w, oy = i / (Y::c * Y::w) % Y::h;
        Index image = i / Y::len;
        const float* w = weight + (DEPTHWISE ? (Index)f : (Index)f * D::kernel_h * D::kernel_w * depth);
        float sum = bias ? bias[f] : 0.0f;
        for (int ky = 0; ky < D::kernel_h; ky++) {
            int iy = oy * D::stride_h + ky * D::dilation_h - D::pad_top;
            if (iy < 0 || iy >= X::h) continue;
            for (int kx = 0; kx < D::kernel_w; kx++) {
                int ix = ox * D::stride_w + kx * D::dilation_w - D::pad_left;
                if (ix < 0 || ix >= X::w) continue;
                const float* pixel = x + X::at(image, iy, ix) + f / of_group * depth;
                const float* cell = w + (ky * D::kernel_w + kx) * (DEPTHWISE ? Y::c : depth);
                for (int c = 0; c < depth; c++) sum = fmaf(pixel[c], cell[c], sum);
            }
        }
        y[Y::element(i)] = activate<D>(sum);
    }
}

// dx likewise, one thread an input.
template <class D, class V, class T, class G>
__device__ void conv_input_plain(T team, Index images, const float* dy, G dx, const float* weight) {
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int depth = DX::c / D::groups, of_group = DY::c / D::groups, cells = D::kernel_h * D::kernel_w;
    for (Index i = team.thread(); i < images * DX::len; i += team.threads()) {
        const int c = i % DX::c, ix = i / DX::c % DX::w, iy = i / (DX::c * DX::w) % DX::h, first = c / depth * of_group;
        const Index image = i / DX::len;
        float sum = 0.0f;
        for (int ky = 0; ky < D::kernel_h; ky++) {
            const int down = iy + D::pad_top - ky * D::dilation_h;
            if (down < 0 || down % D::stride_h != 0 || down / D::stride_h >= DY::h) continue;
            for (int kx = 0; kx < D::kernel_w; kx++) {
                const int right = ix + D::pad_left - kx * D::dilation_w;
                if (right < 0 || right % D::stride_w != 0 || right / D::stride_w >= DY::w) continue;
                const float* from = dy + DY::at(image, down / D::stride_h, right / D::stride_w) + first;
                const float* w = weight + (Index)(first * cells + ky * D::kernel_w + kx) * depth + c % depth;
                for (int f = 0; f < of_group; f++) sum = fmaf(from[f], w[(Index)f * cells * depth], sum);
            }
        }
        put<V::add0>(dx + DX::element(i), sum);
    }
}

template <class D, class V, int M, int N, int THREADS, int LEAST, class T>
__device__ void conv(T team, Index images, const float* x, float* y, const float* weight, const float* bias, float* scratch, unsigned* arrived) {
    window_product<Tile<M, N, THREADS>, LEAST, D, D, typename V::X0, typename V::Y, V::aligned, false>(team, images, x, y, weight, bias, scratch, arrived);
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
