// The largest of a window; a NaN wins, a window over padding alone gives 0. One thread a pack of channels.

// The places of the winners in window (oy, ox), `y * w + x`: the first of the largest, or the last NaN; -1 where the window holds no cell.
template <class X, int N>
struct Winners {
    int place[N];
    float value[N];
    template <class D>
    __device__ __forceinline__ static Winners of(const float* x, Index image, int oy, int ox, int c) {
        Winners winners;
#pragma unroll
        for (int k = 0; k < N; k++) winners.place[k] = -1, winners.value[k] = 0.0f;
#pragma unroll
        for (int ky = 0; ky < D::window_h; ky++) {
#pragma unroll
            for (int kx = 0; kx < D::window_w; kx++) {
                int iy = oy * D::stride_h - D::pad_top + ky, ix = ox * D::stride_w - D::pad_left + kx;
                if (iy < 0 || iy >= X::h || ix < 0 || ix >= X::w) continue;
                Pack<N> pack = load<N>(x + X::at(image, iy, ix) + c);
#pragma unroll
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
template <class D, class V, class T, class G>
__device__ void max_pool_backward(T team, Index images, const float* x, const float* dy, G dx) {
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

// Where they do, a block takes HIGH x WIDE cells of some channels: it finds the winners of the windows over them, each by its number in the window,
// -1 for none; then each cell adds up the gradients of the windows that it won.
template <class D, class V, int HIGH, int WIDE, int CHANNELS, class T, class G>
__device__ void max_pool_tiles(T team, Index images, const float* x, const float* dy, G dx) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int parts = (X::c + CHANNELS - 1) / CHANNELS, down = (X::h + HIGH - 1) / HIGH, across = (X::w + WIDE - 1) / WIDE;
    constexpr int rows = (HIGH + D::window_h - 2) / D::stride_h + 1, columns = (WIDE + D::window_w - 2) / D::stride_w + 1;
    static_assert(rows * columns * CHANNELS * sizeof(short) <= 5 * block_size * sizeof(float), "the threads share so much memory");
    short* winners = reinterpret_cast<short*>(common());
    for (Index tile = team.tile(); tile < images * (parts * down * across); tile += team.tiles()) {
        const int first = tile % parts * CHANNELS, left = tile / parts % across * WIDE, top = tile / (parts * across) % down * HIGH;
        const Index image = tile / (parts * across * down);
        const int above = over(top, D::window_h, D::stride_h, D::pad_top, DY::h).begin;
        const int before = over(left, D::window_w, D::stride_w, D::pad_left, DY::w).begin;
        for (int i = threadIdx.x; i < rows * columns * CHANNELS; i += block_size) {
            const int c = first + i % CHANNELS, oy = above + i / (columns * CHANNELS), ox = before + i / CHANNELS % columns;
            if (c >= X::c || oy >= DY::h || ox >= DY::w) continue;
            const int place = Winners<X, 1>::template of<D>(x, image, oy, ox, c).place[0];
            const int ky = place / X::w - oy * D::stride_h + D::pad_top, kx = place % X::w - ox * D::stride_w + D::pad_left;
            winners[i] = place < 0 ? -1 : ky * D::window_w + kx;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < HIGH * WIDE * CHANNELS; i += block_size) {
            const int own = i % CHANNELS, c = first + own, iy = top + i / (WIDE * CHANNELS), ix = left + i / CHANNELS % WIDE;
            if (c >= X::c || iy >= X::h || ix >= X::w) continue;
            float sum = 0.0f;
            each_window<D, DY>(iy, ix, D::pad_top, D::pad_left, [&](int oy, int ox) {
                const int cell = (iy - oy * D::stride_h + D::pad_top) * D::window_w + ix - ox * D::stride_w + D::pad_left;
                const bool won = winners[((oy - above) * columns + ox - before) * CHANNELS + own] == cell;
                sum += won ? dy[DY::at(image, oy, ox) + c] : 0.0f;
            });
            put<V::add0>(dx + DX::at(image, iy, ix) + c, sum);
        }
        __syncthreads();
    }
}

// Where so many do that tiles would find the same winners again and again: first the winner of each window ...
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
template <class D, class V, class T, class G>
__device__ void max_pool_gather(T team, Index images, const float* dy, G dx, const float* scratch) {
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int n = channels_together<DY, DX>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Pack<n> sum = {};
        each_window<D, DY>(to.y, to.x, D::pad_top, D::pad_left, [&](int oy, int ox) {
            const Index window = ((to.image * DY::h + oy) * DY::w + ox) * DY::c + to.c;
            const int own = (to.y - oy * D::stride_h + D::pad_top) * D::window_w + to.x - ox * D::stride_w + D::pad_left;
            auto winners = reinterpret_cast<const CellNumbers<D, n>*>(scratch)[window / n];
            Pack<n> pack = load<n>(dy + DY::at(to.image, oy, ox) + to.c);
            for (int k = 0; k < n; k++) sum.at[k] += winners.at[k] == own ? pack.at[k] : 0.0f;
        });
        put<V::add0>(dx + to.at(), sum);
    }
}
