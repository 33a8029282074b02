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

// Sums of dy * (sum over the window), and of dy.
template <class D, class V, class T>
__device__ void subsample_gradients(T team, Index images, const float* x, const float* dy, float* coefficient, float* bias, float* scratch,
                                    unsigned* arrived) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X, DY>();
    auto body = [&](Index pixel, int c, Totals<2>* sums) {
        int ox = pixel % DY::w, oy = pixel / DY::w % DY::h;
        Pack<n> window = window_sum<D, X, n>(x, pixel / DY::pixels, oy, ox, c, 0, 0), g = load<n>(dy + DY::at(pixel) + c);
        for (int k = 0; k < n; k++) sums[k].at[0] = fmaf(g.at[k], window.at[k], sums[k].at[0]), sums[k].at[1] += g.at[k];
    };
    auto finish = [&](int c, const Totals<2>& sums) {
        put<V::adds>(coefficient + c, sums.at[0]);
        put<V::adds>(bias + c, sums.at[1]);
    };
    sums_over_pixels<2, DY::c, n>(team, images * DY::pixels, scratch, arrived, body, finish);
}

template <class D, class V, class T, class G>
__device__ void subsample_backward(T team, Index images, const float* dy, G dx, const float* coefficient) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int n = channels_together<DX, DY>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Pack<n> sum = {};
        each_window<D, DY>(to.y, to.x, 0, 0, [&](int oy, int ox) { add(sum, load<n>(dy + DY::at(to.image, oy, ox) + to.c)); });
        const Pack<n> factor = load_channels<n>(coefficient + to.c);
        for (int k = 0; k < n; k++) sum.at[k] *= factor.at[k];
        put<V::add0>(dx + to.at(), sum);
    }
}
