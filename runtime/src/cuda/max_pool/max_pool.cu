// The largest of a window; a NaN wins, a window over padding alone gives 0. One thread a pack of channels.

// The places of the winners in window (oy, ox), `y * w + x`: the first of the largest, or the last NaN; -1 where the window holds no cell.
template <class X, int N>
struct Winners {
    int place[N];
    float value[N];
    template <class D>
    __device__ static Winners of(const float* x, Index image, int oy, int ox, int c) {
        Winners winners;
        for (int k = 0; k < N; k++) winners.place[k] = -1, winners.value[k] = 0.0f;
#pragma unroll
        for (int ky = 0; ky < D::window_h; ky++) {
#pragma unroll
            for (int kx = 0; kx < D::window_w; kx++) {
                int iy = oy * D::stride_h - D::pad_top + ky, ix = ox * D::stride_w - D::pad_left + kx;
                if (iy < 0 || iy >= X::h || ix < 0 || ix >= X::w) continue;
                Pack<N> pack = load<N>(x + X::at(image, iy, ix) + c);
                for (int k = 0; k < N; k++) {
                    bool wins = winners.place[k] < 0 || pack.at[k] > winners.value[k] || pack.at[k] != pack.at[k];
                    winners.place[k] = wins ? iy * X::w + ix : winners.place[k];
                    winners.value[k] = wins ? pack.at[k] : winners.value[k];
                }
            }
        }
        return winners;
    }
};

// The number of a cell in a window, or -1.
template <bool SMALL>
struct CellNumber { typedef short type; };
template <>
struct CellNumber<false> { typedef int type; };

// Those of neighbouring channels: loaded and stored as one.
template <class D, int N>
struct alignas(N * sizeof(typename CellNumber<D::window_h * D::window_w < 32768>::type)) CellNumbers {
    typename CellNumber<D::window_h * D::window_w < 32768>::type at[N];
};

template <class D, class V, class T>
__device__ void max_pool(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Place<Y, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        auto winners = Winners<X, n>::template of<D>(x, to.image, to.y, to.x, to.c);
        Pack<n> pack;
        for (int k = 0; k < n; k++) pack.at[k] = activate<D>(winners.value[k]);
        store(y + to.at(), pack);
    }
}

// Where windows do not overlap, one thread writes the cells from one window to the next.
template <class D, class V, class T>
__device__ void max_pool_backward(T team, Index images, const float* x, const float* dy, float* dx) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int n = channels_together<X, DY, DX>();
    constexpr int down = (X::h + D::pad_top + D::stride_h - 1) / D::stride_h, across = (X::w + D::pad_left + D::stride_w - 1) / D::stride_w;
    typedef Place<View<down, across, X::c, X::c, 0>, n> Window;
    for (Index i = team.thread(); i < images * Window::each; i += team.threads()) {
        Window window(i);
        Winners<X, n> winners;
        Pack<n> gradient = {};
        const bool is = window.y < DY::h && window.x < DY::w;
        if (is) {
            winners = Winners<X, n>::template of<D>(x, window.image, window.y, window.x, window.c);
            gradient = load<n>(dy + DY::at(window.image, window.y, window.x) + window.c);
        }
        for (int ky = 0; ky < D::stride_h; ky++)
            for (int kx = 0; kx < D::stride_w; kx++) {
                int iy = window.y * D::stride_h - D::pad_top + ky, ix = window.x * D::stride_w - D::pad_left + kx;
                if (iy < 0 || iy >= X::h || ix < 0 || ix >= X::w) continue;
                Pack<n> own;
                for (int k = 0; k < n; k++) own.at[k] = is && winners.place[k] == iy * X::w + ix ? gradient.at[k] : 0.0f;
                put<V::add0>(dx + DX::at(window.image, iy, ix) + window.c, own);
            }
    }
}

// Where they do: first the winner of each window, by its number in the window, -1 for none ...
template <class D, class V, class T>
__device__ void max_pool_winners(T team, Index images, const float* x, float* scratch) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    constexpr int n = channels_together<X>();
    typedef Place<View<DY::h, DY::w, DY::c, DY::c, 0>, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        auto winners = Winners<X, n>::template of<D>(x, to.image, to.y, to.x, to.c);
        CellNumbers<D, n> numbers;
        for (int k = 0; k < n; k++) {
            int ky = winners.place[k] / X::w - to.y * D::stride_h + D::pad_top, kx = winners.place[k] % X::w - to.x * D::stride_w + D::pad_left;
            numbers.at[k] = winners.place[k] < 0 ? -1 : ky * D::window_w + kx;
        }
        reinterpret_cast<CellNumbers<D, n>*>(scratch)[i] = numbers;
    }
}

// ... then each cell adds up the gradients of the windows that it won.
template <class D, class V, class T>
__device__ void max_pool_gather(T team, Index images, const float* dy, float* dx, const float* scratch) {
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int n = channels_together<DY, DX>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Span rows = over(to.y, D::window_h, D::stride_h, D::pad_top, DY::h);
        Span columns = over(to.x, D::window_w, D::stride_w, D::pad_left, DY::w);
        Pack<n> sum = {};
        for (int oy = rows.begin; oy < rows.end; oy++)
            for (int ox = columns.begin; ox < columns.end; ox++) {
                const Index window = ((to.image * DY::h + oy) * DY::w + ox) * DY::c + to.c;
                const int own = (to.y - oy * D::stride_h + D::pad_top) * D::window_w + to.x - ox * D::stride_w + D::pad_left;
                auto winners = reinterpret_cast<const CellNumbers<D, n>*>(scratch)[window / n];
                Pack<n> pack = load<n>(dy + DY::at(to.image, oy, ox) + to.c);
                for (int k = 0; k < n; k++) sum.at[k] += winners.at[k] == own ? pack.at[k] : 0.0f;
            }
        put<V::add0>(dx + to.at(), sum);
    }
}
