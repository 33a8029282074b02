// Neighbouring numbers that a thread loads and stores as one: a warp then moves whole lines of memory with each instruction.

namespace netc {

__device__ constexpr int least(int a, int b) { return a < b ? a : b; }
__device__ constexpr int most(int a, int b) { return a > b ? a : b; }

template <int N>
struct Pack { float at[N]; };

template <int N>
__device__ inline Pack<N> load(const float* from) {
    Pack<N> pack;
    if constexpr (N == 4) {
        float4 all = *reinterpret_cast<const float4*>(from);
        pack.at[0] = all.x, pack.at[1] = all.y, pack.at[2] = all.z, pack.at[3] = all.w;
    } else {
        for (int k = 0; k < N; k++) pack.at[k] = from[k];
    }
    return pack;
}

template <int N>
__device__ inline void store(float* to, const Pack<N>& pack) {
    if constexpr (N == 4) {
        float4 all;
        all.x = pack.at[0], all.y = pack.at[1], all.z = pack.at[2], all.w = pack.at[3];
        *reinterpret_cast<float4*>(to) = all;
    } else {
        for (int k = 0; k < N; k++) to[k] = pack.at[k];
    }
}

// The numbers of neighbouring channels in memory that may start anywhere.
template <int N>
__device__ inline Pack<N> load_channels(const float* from) {
    if constexpr (N == 4)
        if (((unsigned long long)from & 15) == 0) return load<4>(from);
    Pack<N> pack;
    for (int k = 0; k < N; k++) pack.at[k] = from[k];
    return pack;
}

template <int N>
__device__ inline void add(Pack<N>& sum, const Pack<N>& pack) {
    for (int k = 0; k < N; k++) sum.at[k] += pack.at[k];
}

// Writes gradients, or adds to what stands there.
template <bool ADD, int N>
__device__ inline void put(float* to, Pack<N> pack) {
    if constexpr (ADD) add(pack, load<N>(to));
    store(to, pack);
}
template <bool ADD, Act ACT, int N>
__device__ inline void put(const Through<ACT>& to, Pack<N> pack) {
    const Pack<N> value = load<N>(to.value);
    if constexpr (ADD) add(pack, load<N>(to.gradient));
    for (int k = 0; k < N; k++) pack.at[k] = chain<ACT>(pack.at[k], derivative_of_value<ACT>(value.at[k], to.parameter));
    store(to.gradient, pack);
}

// How many neighbouring channels are a pack in all these views.
template <class... VIEWS>
__device__ constexpr int channels_together() {
    return (... && (VIEWS::aligned && VIEWS::c % 4 == 0 && VIEWS::pixel % 4 == 0 && VIEWS::channel % 4 == 0)) ? 4 : 1;
}

// How many neighbouring elements are a pack in all these views, which have one shape.
template <class... VIEWS>
__device__ constexpr int together() {
    return (... && (VIEWS::aligned && VIEWS::dense && VIEWS::len % 4 == 0)) ? 4 : channels_together<VIEWS...>();
}

// The place of the pack of this number in a view: packs of N channels, next to each other.
template <class VIEW, int N>
struct Place {
    static constexpr int packs = VIEW::c / N, each = VIEW::len / N;
    Index image;
    int y, x, c;
    __device__ explicit Place(Index number)
        : image(number / each), y(number / (packs * VIEW::w) % VIEW::h), x(number / packs % VIEW::w), c(number % packs * N) {}
    // Where it lies.
    __device__ Index at() const { return VIEW::at(image, y, x) + c; }
};

// y = f(number of the element, x...), element by element; all views have one shape, and may be the same.
template <bool ADD, class Y, class... X, class T, class TO, class F, class... P>
__device__ inline void map(T team, Index images, TO y, F f, P... x) {
    constexpr int n = together<Y, X...>();
    for (Index i = n * team.thread(); i < images * Y::len; i += n * team.threads()) {
        auto each = [&](auto... packs) {
            Pack<n> pack;
            for (int k = 0; k < n; k++) pack.at[k] = f(i + k, packs.at[k]...);
            put<ADD>(y + Y::element(i), pack);
        };
        each(load<n>(x + X::element(i))...);
    }
}

// y = f(what `prepare(channel)` gives, number in the pack, x...) for one or two x: a thread keeps to its channels and prepares once. All views
// have one shape, and may be the same.
template <bool ADD, class Y, class... X, class T, class TO, class R, class F, class... P>
__device__ inline void map_channels(T team, Index images, TO y, R prepare, F f, P... x) {
    constexpr int n = channels_together<Y, X...>(), inputs = sizeof...(X), at_once = 4;
    constexpr Index packs = Y::c / n;
    const Index pixels = images * Y::pixels;
    // Fewer threads than packs take them in turns.
    const Index rows = team.threads() < packs ? 1 : team.threads() / packs;
    if (team.thread() >= rows * packs) return;
    for (Index pack = team.thread() % packs; pack < packs; pack += team.threads() < packs ? team.threads() : packs) {
        const int c = pack * n;
        const auto prepared = prepare(c);
        for (Index pixel = team.thread() / packs; pixel < pixels; pixel += at_once * rows) {
            Pack<n> in[inputs][at_once];
#pragma unroll
            for (int j = 0; j < at_once; j++) {
                int input = 0;
                if (pixel + j * rows < pixels) ((in[input++][j] = load<n>(x + X::at(pixel + j * rows) + c)), ...);
            }
#pragma unroll
            for (int j = 0; j < at_once; j++) {
                if (pixel + j * rows >= pixels) break;
                Pack<n> out;
                for (int k = 0; k < n; k++) out.at[k] = f(prepared, k, in[0][j].at[k], in[inputs - 1][j].at[k]);
                put<ADD>(y + Y::at(pixel + j * rows) + c, out);
            }
        }
    }
}

// What lies under a picture that begins (TOP, LEFT) away from another, zeros where nothing does. One thread a pack of channels.
template <bool ADD, class TO, class FROM, int TOP, int LEFT, class T, class P>
__device__ inline void shift_picture(T team, Index images, const float* from, P to) {
    constexpr int n = channels_together<TO, FROM>();
    typedef Place<TO, n> Here;
    for (Index i = team.thread(); i < images * Here::each; i += team.threads()) {
        Here here(i);
        const int y = here.y - TOP, x = here.x - LEFT;
        Pack<n> pack = {};
        if (y >= 0 && y < FROM::h && x >= 0 && x < FROM::w) pack = load<n>(from + FROM::at(here.image, y, x) + here.c);
        put<ADD>(to + here.at(), pack);
    }
}

// Turns the gradient of a fused activation's value into that of its input, in place.
template <class D, class V, class T>
__device__ void through(T team, Index images, const float* y, float* dy) {
    auto f = [](Index, float dy, float y) { return chain<D::act>(dy, derivative_of_value<D::act>(y, D::act_parameter)); };
    map<false, typename V::DY, typename V::DY, typename V::Y>(team, images, dy, f, dy, y);
}

}  // namespace netc
