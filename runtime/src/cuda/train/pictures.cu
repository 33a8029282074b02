// From pictures that the device holds to the inputs of a step: netc-train's `augment/`, stage by stage, with its random numbers.
//
// A stage is a type over the one before it, `FROM`: its size, what it draws for a picture (`Drawn`, which lies in shared memory), and `read`, which gives `N` channels of a
// pixel of its result from channel `k` on. No picture is kept between two stages: flips, crops and padding only move what is read, and an
// affine stage reads four pixels. `reads` is how many bytes a value of the result comes from.

// Which pictures a step takes.
struct Chosen {
    unsigned long long key;   // of the epoch's random numbers
    unsigned long long place; // of the step's first picture in the orders
};

constexpr unsigned long long golden = 0x9e3779b97f4a7c15ull;

// A key with one more word.
__device__ inline unsigned long long with(unsigned long long key, unsigned long long word) { return mix(key ^ mix(word + golden)); }

// The sine and the cosine of an angle in degrees, to the last bit or two: what is left of the quarters is small enough for their series.
__device__ inline void turn(double degrees, double& sine, double& cosine) {
    const double quarters = floor(degrees / 90.0 + 0.5);
    const double x = (degrees - 90.0 * quarters) * (3.14159265358979323846 / 180.0), square = x * x;
    double s = 1.0, c = 1.0;
#pragma unroll
    for (int n = 18; n > 0; n -= 2) {
        s = 1.0 - square * (1.0 / (n * (n + 1))) * s;
        c = 1.0 - square * (1.0 / (n * (n - 1))) * c;
    }
    s *= x;
    const int quarter = (int)((long long)quarters & 3);
    sine = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
    cosine = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
}

// The numbers of one key, one after the other.
struct Draws {
    unsigned long long key, count;

    __device__ unsigned long long bits() { return mix(key + ++count * golden); }
    // Uniform in [0, 1).
    __device__ double uniform() { return (double)(bits() >> 11) * (1.0 / 9007199254740992.0); }
    __device__ double within(double range) { return -range + 2.0 * range * uniform(); }
    // A whole number from 0 to below `n`.
    __device__ int below(int n) { return (int)__umul64hi(bits(), (unsigned long long)n); }
    // Normal with standard deviation 1 (Box and Muller 1958).
    __device__ double gauss() {
        const double radius = sqrt(-2.0 * log(1.0 - uniform()));
        double sine, cosine;
        turn(360.0 * uniform(), sine, cosine);
        return radius * cosine;
    }
};

// From places in the result to places in the picture, both measured from the centre: rows [y, x, offset].
struct Matrix {
    double yy, yx, y0, xy, xx, x0;

    __device__ void then(double byy, double byx, double by0, double bxy, double bxx, double bx0) {
        *this = Matrix{yy * byy + yx * bxy, yy * byx + yx * bxx, yy * by0 + yx * bx0 + y0,
                       xy * byy + xx * bxy, xy * byx + xx * bxx, xy * by0 + xx * bx0 + x0};
    }
    __device__ void rotate(Draws& draws, double range) {
        double sine, cosine;
        turn(draws.within(range), sine, cosine);
        then(cosine, sine, 0.0, -sine, cosine, 0.0);
    }
    // Ranges, and what a draw is a multiple of.
    __device__ void shift(Draws& draws, double y, double x, double height, double width) {
        const double down = draws.within(y) * height, right = draws.within(x) * width;
        then(1.0, 0.0, down, 0.0, 1.0, right);
    }
    __device__ void shear(Draws& draws, double range) {
        double sine, cosine;
        turn(draws.within(range), sine, cosine);
        then(cosine, 0.0, 0.0, -sine, 1.0, 0.0);
    }
    __device__ void zoom(Draws& draws, double range) {
        const double y = 1.0 + draws.within(range), x = 1.0 + draws.within(range);
        then(y, 0.0, 0.0, 0.0, x, 0.0);
    }
};

// Whether this thread of a block of 256 draws for the stage of this number: each stage has a warp, so that they draw side by side.
__device__ inline bool draws_for(int number) { return threadIdx.x == 32 * (number % 8); }

// The pictures as they are held, with zeros around.
template <int H, int W, int C, int PAD>
struct Stored {
    static constexpr int h = H + 2 * PAD, w = W + 2 * PAD, c = C, reads = 1, bytes = H * W * C;
    struct Drawn {};

    __device__ static void draw(Drawn&, unsigned long long) {}
    template <int N>
    __device__ static void read(const unsigned char* picture, const Drawn&, int y, int x, int k, float (&to)[N]) {
        y -= PAD;
        x -= PAD;
        const bool inside = PAD == 0 || ((unsigned)y < H && (unsigned)x < W);
        for (int n = 0; n < N; n++) to[n] = inside ? (float)picture[(y * W + x) * C + k + n] : 0.0f;
    }
};

// What stages that draw have: `SELF` has `Own` and `draw_own(Own&, Draws)`.
template <class FROM, int NUMBER, class SELF, class OWN>
struct Drawing {
    struct Drawn {
        typename FROM::Drawn from;
        OWN own;
    };

    __device__ static void draw(Drawn& drawn, unsigned long long key) {
        FROM::draw(drawn.from, key);
        if (draws_for(NUMBER)) SELF::draw_own(drawn.own, Draws{with(key, NUMBER), 0});
    }
};

// `P::draw(Draws&, Matrix&)` multiplies the matrices.
template <class FROM, int NUMBER, class P>
struct Affine : Drawing<FROM, NUMBER, Affine<FROM, NUMBER, P>, Matrix> {
    static constexpr int h = FROM::h, w = FROM::w, c = FROM::c, reads = 4 * FROM::reads;
    typedef typename Drawing<FROM, NUMBER, Affine, Matrix>::Drawn Drawn;

    __device__ static void draw_own(Matrix& matrix, Draws draws) {
        Matrix product{1.0, 0.0, 0.0, 0.0, 1.0, 0.0};
        P::draw(draws, product);
        matrix = product;
    }
    template <int N>
    __device__ static void read(const unsigned char* picture, const Drawn& drawn, int y, int x, int k, float (&to)[N]) {
        constexpr double cy = h / 2.0 - 0.5, cx = w / 2.0 - 0.5;
        const Matrix& m = drawn.own;
        const double dy = y - cy, dx = x - cx;
        const double down = fmin(fmax(m.yy * dy + m.yx * dx + m.y0 + cy, 0.0), h - 1.0);
        const double right = fmin(fmax(m.xy * dy + m.xx * dx + m.x0 + cx, 0.0), w - 1.0);
        const int row = (int)down, column = (int)right;
        const double fy = down - row, fx = right - column;
        double sums[N] = {};
        // A stage that is read so often as an affine one is better not written out four times.
#pragma unroll(FROM::reads == 1 ? 4 : 1)
        for (int corner = 0; corner < 4; corner++) {
            const int below = corner / 2, beside = corner % 2;
            const double share = (below ? fy : 1.0 - fy) * (beside ? fx : 1.0 - fx);
            float values[N];
            FROM::read(picture, drawn.from, row + below < h ? row + below : h - 1, column + beside < w ? column + beside : w - 1, k, values);
            for (int n = 0; n < N; n++) sums[n] += share * values[n];
        }
        for (int n = 0; n < N; n++) to[n] = (float)sums[n];
    }
};

// Left and right, or top and bottom.
template <class FROM, int NUMBER, bool ACROSS>
struct Flip : Drawing<FROM, NUMBER, Flip<FROM, NUMBER, ACROSS>, bool> {
    static constexpr int h = FROM::h, w = FROM::w, c = FROM::c, reads = FROM::reads;
    typedef typename Drawing<FROM, NUMBER, Flip, bool>::Drawn Drawn;

    __device__ static void draw_own(bool& flipped, Draws draws) { flipped = draws.below(2) == 1; }
    template <int N>
    __device__ static void read(const unsigned char* picture, const Drawn& drawn, int y, int x, int k, float (&to)[N]) {
        FROM::read(picture, drawn.from, !ACROSS && drawn.own ? h - 1 - y : y, ACROSS && drawn.own ? w - 1 - x : x, k, to);
    }
};

struct Corner {
    int top, left;
};

// A part, its corner drawn or in the middle.
template <class FROM, int NUMBER, int H, int W, bool DRAWN>
struct Crop : Drawing<FROM, NUMBER, Crop<FROM, NUMBER, H, W, DRAWN>, Corner> {
    static constexpr int h = H, w = W, c = FROM::c, reads = FROM::reads;
    typedef typename Drawing<FROM, NUMBER, Crop, Corner>::Drawn Drawn;

    __device__ static void draw_own(Corner& corner, Draws draws) {
        corner.top = DRAWN ? draws.below(FROM::h - H + 1) : (FROM::h - H) / 2;
        corner.left = DRAWN ? draws.below(FROM::w - W + 1) : (FROM::w - W) / 2;
    }
    template <int N>
    __device__ static void read(const unsigned char* picture, const Drawn& drawn, int y, int x, int k, float (&to)[N]) {
        FROM::read(picture, drawn.from, y + drawn.own.top, x + drawn.own.left, k, to);
    }
};

// Multiplies all values by `P::factor`.
template <class FROM, class P>
struct Rescale {
    static constexpr int h = FROM::h, w = FROM::w, c = FROM::c, reads = FROM::reads;
    typedef typename FROM::Drawn Drawn;

    __device__ static void draw(Drawn& drawn, unsigned long long key) { FROM::draw(drawn, key); }
    template <int N>
    __device__ static void read(const unsigned char* picture, const Drawn& drawn, int y, int x, int k, float (&to)[N]) {
        FROM::read(picture, drawn, y, x, k, to);
        for (int n = 0; n < N; n++) to[n] *= P::factor;
    }
};

template <int C>
struct Light {
    float of[C];
};

// `P::draw(Draws&, double*)` sums up what is added to each channel.
template <class FROM, int NUMBER, class P>
struct Lighting : Drawing<FROM, NUMBER, Lighting<FROM, NUMBER, P>, Light<FROM::c>> {
    static constexpr int h = FROM::h, w = FROM::w, c = FROM::c, reads = FROM::reads;
    typedef typename Drawing<FROM, NUMBER, Lighting, Light<c>>::Drawn Drawn;

    __device__ static void draw_own(Light<c>& light, Draws draws) {
        double sums[c] = {};
        P::draw(draws, sums);
        for (int k = 0; k < c; k++) light.of[k] = (float)sums[k];
    }
    template <int N>
    __device__ static void read(const unsigned char* picture, const Drawn& drawn, int y, int x, int k, float (&to)[N]) {
        FROM::read(picture, drawn.from, y, x, k, to);
        for (int n = 0; n < N; n++) to[n] += drawn.own.of[k + n];
    }
};

// Pictures of so many bytes are read from shared memory, which leaves most of it to a network that a block computes alone.
constexpr int near = 12 << 10;

// Copies a picture's bytes, four at a time where each begins at a multiple of four.
template <int BYTES>
__device__ inline void bring(const unsigned char* from, unsigned (&to)[(BYTES + 3) / 4]) {
    if constexpr (BYTES % 4 == 0) {
        for (int t = threadIdx.x; t < BYTES / 4; t += blockDim.x) to[t] = ((const unsigned*)from)[t];
    } else {
        for (int t = threadIdx.x; t < BYTES; t += blockDim.x) ((unsigned char*)to)[t] = from[t];
    }
}

// A block writes the input of a picture, whose stages have drawn.
template <class P>
__device__ inline void write_input(const unsigned char* picture, const typename P::Last::Drawn& drawn, float* input) {
    typedef typename P::Last Last;
    constexpr int c = Last::c, pixels = Last::h * Last::w, pack = c <= 4 ? c : 1, packs = c / pack, all = pixels * packs;
    // A warp's values on their way to where they lie side by side.
    __shared__ float rows[pack == 1 ? 1 : 8][32 * pack];
    float* row = rows[pack == 1 ? 0 : threadIdx.x / 32];
    for (int first = threadIdx.x - lane(); first < all; first += blockDim.x) {
        const int t = first + lane();
        if (t < all) {
            const int pixel = t / packs, k = t % packs * pack;
            float values[pack];
            Last::read(picture, drawn, pixel / Last::w, pixel % Last::w, k, values);
            for (int n = 0; n < pack; n++) {
                const float value = (values[n] * P::scale - P::mean(k + n)) * (1.0f / P::deviation(k + n));
                if constexpr (pack == 1) input[t] = value;
                else row[lane() * pack + n] = value;
            }
        }
        if constexpr (pack > 1) {
            __syncwarp();
            const int count = (all - first < 32 ? all - first : 32) * pack;
            for (int n = lane(); n < count; n += 32) input[first * pack + n] = row[n];
            __syncwarp();
        }
    }
}

// A block of 256 threads prepares picture `i` of a step: its input and its label. `P` has the last stage and the figures of the pixels; `pictures` and `classes`
// are all that are held, `orders` says in which order they come.
template <class P>
__device__ void prepare(Index i, const Chosen* chosen, const unsigned* orders, const unsigned char* pictures, const unsigned* classes, float* inputs,
                        unsigned* labels) {
    typedef typename P::Last Last;
    constexpr bool brought = P::bytes <= near;
    __shared__ typename Last::Drawn drawn;
    __shared__ unsigned bytes[brought ? (P::bytes + 3) / 4 : 1];
    const unsigned number = orders[chosen->place + i];
    const unsigned char* picture = pictures + (unsigned long long)number * P::bytes;
    if constexpr (brought) bring<P::bytes>(picture, bytes);
    Last::draw(drawn, with(chosen->key, number));
    if (threadIdx.x == 0) labels[i] = classes[number];
    __syncthreads();
    float* input = inputs + (unsigned long long)i * (Last::h * Last::w * Last::c);
    if constexpr (brought) write_input<P>((const unsigned char*)bytes, drawn, input);
    else write_input<P>(picture, drawn, input);
    __syncthreads();
}

// The same for all pictures of a step.
template <class P>
__device__ void prepare_all(Index images, const Chosen* chosen, const unsigned* orders, const unsigned char* pictures, const unsigned* classes,
                            float* inputs, unsigned* labels) {
    for (Index i = blockIdx.x; i < images; i += gridDim.x) prepare<P>(i, chosen, orders, pictures, classes, inputs, labels);
}
