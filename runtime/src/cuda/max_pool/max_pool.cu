// The largest of a window; a NaN wins, a window over padding alone gives 0. One thread an element, channels next to each other.

// The place of the winner in window (oy, ox), `y * w + x`: the first of the largest; -1 where the window holds no cell.
template <class D, class X>
__device__ int winner(const float* x, Index image, int oy, int ox, int c) {
    int top = oy * D::stride_h - D::pad_top, left = ox * D::stride_w - D::pad_left;
    int best = -1;
    float largest = 0.0f;
#pragma unroll
    for (int ky = 0; ky < D::window_h; ky++) {
#pragma unroll
        for (int kx = 0; kx < D::window_w; kx++) {
            int iy = top + ky, ix = left + kx;
            if (iy < 0 || iy >= X::h || ix < 0 || ix >= X::w) continue;
            float value = x[X::at(image, iy, ix) + c];
            if (best < 0 || value > largest || (value != value && largest == largest)) {
                best = iy * X::w + ix;
                largest = value;
            }
        }
    }
    return best;
}

template <class D, class V, class T>
__device__ void max_pool(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    for (Index i = team.thread(); i < images * Y::len; i += team.threads()) {
        int c = i % Y::c, ox = i / Y::c % Y::w, oy = i / (Y::c * Y::w) % Y::h;
        Index image = i / Y::len;
        int best = winner<D, X>(x, image, oy, ox, c);
        float value = best < 0 ? 0.0f : x[X::at(image * X::pixels + best) + c];
        y[Y::element(i)] = activate<D>(value);
    }
}

// Each cell adds up the gradients of the windows that it won.
template <class D, class V, class T>
__device__ void max_pool_backward(T team, Index images, const float* x, const float* dy, float* dx) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    for (Index i = team.thread(); i < images * X::len; i += team.threads()) {
        int c = i % X::c, ix = i / X::c % X::w, iy = i / (X::c * X::w) % X::h;
        Index image = i / X::len;
        int y = iy + D::pad_top, x0 = ix + D::pad_left;
        int first_y = y < D::window_h ? 0 : (y - D::window_h) / D::stride_h + 1;
        int first_x = x0 < D::window_w ? 0 : (x0 - D::window_w) / D::stride_w + 1;
        float sum = 0.0f;
        for (int oy = first_y; oy <= y / D::stride_h && oy < DY::h; oy++)
            for (int ox = first_x; ox <= x0 / D::stride_w && ox < DY::w; ox++)
                if (winner<D, X>(x, image, oy, ox, c) == iy * X::w + ix) sum += dy[DY::at(image, oy, ox) + c];
        put<V::add0>(dx + V::DX0::element(i), sum);
    }
}
