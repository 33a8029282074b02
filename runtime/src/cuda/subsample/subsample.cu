// y = act(coefficient * (sum over the window) + bias). One thread a pack of channels.

template <class D, class V, class T>
__device__ void subsample(T team, Index images, const float* x, float* y, const float* coefficient, const float* bias) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Place<Y, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Pack<n> sum = window_sum<D, X, n>(x, to.image, to.y, to.x, to.c, 0, 0);
        const Pack<n> factor = load_channels<n>(coefficient + to.c), shift = load_channels<n>(bias + to.c);
        for (int k = 0; k < n; k++) sum.at[k] = activate<D>(fmaf(factor.at[k], sum.at[k], shift.at[k]));
        store(y + to.at(), sum);
    }
}

// Partial sums of dy * (sum over the window), and of dy.
template <class D, class V, class T>
__device__ void subsample_sums(T team, Index images, const float* x, const float* dy, float* scratch) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X, DY>();
    partial_sums<2, DY::c, n>(team, images * DY::pixels, scratch, [&](Index pixel, int c, Pack<n>* sums) {
        int ox = pixel % DY::w, oy = pixel / DY::w % DY::h;
        Pack<n> window = window_sum<D, X, n>(x, pixel / DY::pixels, oy, ox, c, 0, 0), g = load<n>(dy + DY::at(pixel) + c);
        for (int k = 0; k < n; k++) sums[0].at[k] = fmaf(g.at[k], window.at[k], sums[0].at[k]);
        add(sums[1], g);
    });
}

template <class D, class V, class T>
__device__ void subsample_gradients(T team, Index images, const float* scratch, float* coefficient, float* bias) {
    typedef typename V::DY DY;
    constexpr int n = channels_together<typename V::X0, DY>();
    total_sums<2, DY::c, n>(team, images * DY::pixels, scratch, [&](int c, const float* sums) {
        coefficient[c] += sums[0];
        bias[c] += sums[1];
    });
}

template <class D, class V, class T>
__device__ void subsample_backward(T team, Index images, const float* dy, float* dx, const float* coefficient) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int n = channels_together<DX, DY>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Span rows = over(to.y, D::window_h, D::stride_h, 0, DY::h), columns = over(to.x, D::window_w, D::stride_w, 0, DY::w);
        Pack<n> sum = {};
        for (int oy = rows.begin; oy < rows.end; oy++)
            for (int ox = columns.begin; ox < columns.end; ox++) add(sum, load<n>(dy + DY::at(to.image, oy, ox) + to.c));
        const Pack<n> factor = load_channels<n>(coefficient + to.c);
        for (int k = 0; k < n; k++) sum.at[k] *= factor.at[k];
        put<V::add0>(dx + to.at(), sum);
    }
}
