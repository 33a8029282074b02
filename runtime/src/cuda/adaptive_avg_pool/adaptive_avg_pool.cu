// Mean over windows as even as can be, which may overlap. One thread a pack of channels.

// The cells under window o of so many, along an axis of so many cells.
__device__ inline Span adaptive(int o, int cells, int windows) {
    return {o * cells / windows, ((o + 1) * cells + windows - 1) / windows};
}

template <class D, class V, class T>
__device__ void adaptive_avg_pool(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Place<Y, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Span rows = adaptive(to.y, X::h, Y::h), columns = adaptive(to.x, X::w, Y::w);
        Pack<n> sum = {};
        for (int iy = rows.begin; iy < rows.end; iy++) {
            Pack<n> row = {};
            for (int ix = columns.begin; ix < columns.end; ix++) add(row, load<n>(x + X::at(to.image, iy, ix) + to.c));
            add(sum, row);
        }
        float count = rows.length() * columns.length();
        for (int k = 0; k < n; k++) sum.at[k] /= count;
        store(y + to.at(), sum);
    }
}

// Each cell gets equal shares of the gradients of its windows: those between where it begins and where it ends.
template <class D, class V, class T, class G>
__device__ void adaptive_avg_pool_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int n = channels_together<DX, DY>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Span rows = adaptive(to.y, DY::h, DX::h), columns = adaptive(to.x, DY::w, DX::w);
        Pack<n> sum = {};
        for (int oy = rows.begin; oy < rows.end; oy++)
            for (int ox = columns.begin; ox < columns.end; ox++) {
                Pack<n> pack = load<n>(dy + DY::at(to.image, oy, ox) + to.c);
                float count = adaptive(oy, DX::h, DY::h).length() * adaptive(ox, DX::w, DY::w).length();
                for (int k = 0; k < n; k++) sum.at[k] += __fdividef(pack.at[k], count);
            }
        put<V::add0>(dx + to.at(), sum);
    }
}
