// Mean or maximum over the whole picture: a block takes some channels of an image.

// How the threads of a block share the pixels of an image.
template <class X, class... OTHERS>
struct Whole {
    static constexpr int n = channels_together<X, OTHERS...>();
    typedef Columns<X::c, n, down_for<X::pixels>()> Shape;
    Index image;
    int c;
    bool valid;
    __device__ explicit Whole(Index tile) : image(tile / Shape::tiles), c(Shape::channel(tile % Shape::tiles)), valid(c < X::c) {}

    // Calls `f(pixel, its channels)` for this thread's pixels.
    template <class F>
    __device__ void for_pixels(const float* x, F f) const {
        if (!valid) return;
#pragma unroll 4
        for (int pixel = Shape::row(); pixel < X::pixels; pixel += Shape::down) f(pixel, load<n>(x + X::at(image * X::pixels + pixel) + c));
    }
};

// A NaN wins.
__device__ inline float larger(float a, float b) { return b > a || b != b ? b : a; }

template <class D, class V, class T>
__device__ void global_pool(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    typedef Whole<X, Y> Part;
    typedef typename Part::Shape Shape;
    constexpr int n = Part::n;
    constexpr bool mean = D::kind == Reduction::Mean;
    for (Index tile = team.tile(); tile < images * Shape::tiles; tile += team.tiles()) {
        Part part(tile);
        Pack<n> all;
        for (int k = 0; k < n; k++) all.at[k] = mean ? 0.0f : -infinity;
        part.for_pixels(x, [&](int, const Pack<n>& pack) {
            for (int k = 0; k < n; k++) all.at[k] = mean ? all.at[k] + pack.at[k] : larger(all.at[k], pack.at[k]);
        });
        all = fold_down<Shape>(all, [](float a, float b) { return mean ? a + b : larger(a, b); });
        if constexpr (mean)
            for (int k = 0; k < n; k++) all.at[k] /= X::pixels;
        if (Shape::row() == 0 && part.valid) store(y + Y::at(part.image) + part.c, all);
    }
}

// Equal shares for all cells.
template <class D, class V, class T, class G>
__device__ void global_mean_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int n = channels_together<DX, DY>();
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Pack<n> pack = load<n>(dy + DY::at(to.image) + to.c);
        for (int k = 0; k < n; k++) pack.at[k] /= DX::pixels;
        put<V::add0>(dx + to.at(), pack);
    }
}

// All to the first of the largest cells, or to the last NaN: what one thread after the other would find.
template <class D, class V, class T, class G>
__device__ void global_max_backward(T team, Index images, const float* x, const float* dy, G dx) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    typedef Whole<X, DX, DY> Part;
    typedef typename Part::Shape Shape;
    constexpr int n = Part::n;
    for (Index tile = team.tile(); tile < images * Shape::tiles; tile += team.tiles()) {
        Part part(tile);
        Pack<n> all, first;
        for (int k = 0; k < n; k++) all.at[k] = -infinity;
        part.for_pixels(x, [&](int, const Pack<n>& pack) {
            for (int k = 0; k < n; k++) all.at[k] = larger(all.at[k], pack.at[k]);
        });
        all = fold_down<Shape>(all, larger);
        // Places as numbers that floats hold exactly: pictures have fewer cells than 2^24.
        for (int k = 0; k < n; k++) first.at[k] = all.at[k] == all.at[k] ? DX::pixels : -1.0f;
        part.for_pixels(x, [&](int pixel, const Pack<n>& pack) {
            for (int k = 0; k < n; k++) {
                float at = pixel;
                if (all.at[k] == all.at[k]) {
                    if (pack.at[k] == all.at[k] && at < first.at[k]) first.at[k] = at;
                } else if (pack.at[k] != pack.at[k] && at > first.at[k]) {
                    first.at[k] = at;
                }
            }
        });
        auto earlier = [](float a, float b) { return b < a ? b : a; };
        auto later = [](float a, float b) { return b > a ? b : a; };
        Pack<n> lowest = fold_down<Shape>(first, earlier), highest = fold_down<Shape>(first, later);
        if (!part.valid) continue;
        Pack<n> gradient = load<n>(dy + DY::at(part.image) + part.c);
        for (int k = 0; k < n; k++) first.at[k] = all.at[k] == all.at[k] ? lowest.at[k] : highest.at[k];
        for (int pixel = Shape::row(); pixel < DX::pixels; pixel += Shape::down) {
            Pack<n> own;
            for (int k = 0; k < n; k++) own.at[k] = (float)pixel == first.at[k] ? gradient.at[k] : 0.0f;
            put<V::add0>(dx + DX::at(part.image * DX::pixels + pixel) + part.c, own);
        }
    }
}
