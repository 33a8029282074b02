// Mean over windows; a window over padding alone gives 0. One thread a pack of channels.

// How many cells of a window count, 1 at least.
template <class D>
__device__ inline float cells(int oy, int ox) {
    constexpr int top = D::counted_top, left = D::counted_left;
    int rows = under(oy, D::window_h, D::stride_h, D::pad_top - top, top + D::input_h + D::counted_bottom).length();
    int columns = under(ox, D::window_w, D::stride_w, D::pad_left - left, left + D::input_w + D::counted_right).length();
    return most(rows * columns, 1);
}

template <class D, class V, class T>
__device__ void avg_pool(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Place<Y, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Pack<n> sum = window_sum<D, X, n>(x, to.image, to.y, to.x, to.c, D::pad_top, D::pad_left);
        float count = cells<D>(to.y, to.x);
        for (int k = 0; k < n; k++) sum.at[k] = activate<D>(sum.at[k] / count);
        store(y + to.at(), sum);
    }
}

// Each cell gets equal shares of the gradients of its windows.
template <class D, class V, class T, class G>
__device__ void avg_pool_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int n = channels_together<DX, DY>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Pack<n> sum = {};
        each_window<D, DY>(to.y, to.x, D::pad_top, D::pad_left, [&](int oy, int ox) {
            Pack<n> pack = load<n>(dy + DY::at(to.image, oy, ox) + to.c);
            float count = cells<D>(oy, ox);
            for (int k = 0; k < n; k++) sum.at[k] += __fdividef(pack.at[k], count);
        });
        put<V::add0>(dx + to.at(), sum);
    }
}
