// Over all pixels of an image and the channels of a group. A block takes whole groups, as many as fill a line of memory.

template <class D, class... VIEWS>
struct Groups {
    static constexpr int size = D::input_c / D::groups;
    static constexpr int n = size % 4 == 0 ? channels_together<VIEWS...>() : 1;
    // Groups that a block takes at a time, and their channels.
    static constexpr int together = size >= 8 ? 1 : least(8 / size, D::groups);
    static constexpr int span = together * size;
    static constexpr int tiles = (D::groups + together - 1) / together;
    static constexpr int pixels = D::input_h * D::input_w;
    // More channels than threads next to each other are taken in turns.
    typedef Columns<span, n> Shape;

    Index image;
    int first;
    __device__ explicit Groups(Index tile) : image(tile / tiles), first(tile % tiles * span) {}

    // Channels from here to the end of the picture.
    __device__ int length() const { return least(span, D::input_c - first); }

    // Mean and 1 / sqrt(variance + eps) of each of the block's groups, behind what threads share otherwise.
    template <class X>
    __device__ void measure(const float* x, float* numbers) const {
        Moments own = {};
        for (int turn = 0; turn < Shape::tiles; turn++) {
            const int c = Shape::channel(turn);
            if (c >= length()) continue;
            for (int pixel = Shape::row(); pixel < pixels; pixel += Shape::down) {
                Pack<n> pack = load<n>(x + X::at(image * pixels + pixel) + first + c);
                Moments few = {n, 0.0f, 0.0f};
                for (int k = 0; k < n; k++) few.mean += pack.at[k];
                few.mean *= 1.0f / n;
                for (int k = 0; k < n; k++) few.squares = fmaf(pack.at[k] - few.mean, pack.at[k] - few.mean, few.squares);
                own.join(few);
            }
        }
        own = join_down<Shape>(own);
        Moments* all = reinterpret_cast<Moments*>(common());
        if (threadIdx.x < Shape::across) all[threadIdx.x] = own;
        __syncthreads();
        // Columns side by side make a group.
        constexpr int columns = together == 1 ? Shape::across : size / n;
        if (threadIdx.x < together) {
            Moments group = all[threadIdx.x * columns];
            for (int i = 1; i < columns; i++) group.join(all[threadIdx.x * columns + i]);
            numbers[2 * threadIdx.x] = group.mean;
            numbers[2 * threadIdx.x + 1] = inverse_deviation(group.squares / group.count, D::eps);
        }
        __syncthreads();
    }
};

template <class D, class V, class T>
__device__ void group_norm(T team, Index images, const float* x, float* y, const float* weight, const float* bias) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    typedef Groups<D, X, Y> Part;
    typedef typename Part::Shape Shape;
    constexpr int n = Part::n;
    __shared__ float numbers[2 * Part::together];
    for (Index tile = team.tile(); tile < images * Part::tiles; tile += team.tiles()) {
        Part part(tile);
        part.template measure<X>(x, numbers);
        for (int turn = 0; turn < Shape::tiles; turn++) {
            const int c = Shape::channel(turn), channel = part.first + c;
            if (c >= part.length()) continue;
            const float mean = numbers[c / Part::size * 2], inverse = numbers[c / Part::size * 2 + 1];
            const Pack<n> gain = load_channels<n>(weight + channel), shift = load_channels<n>(bias + channel);
            for (int pixel = Shape::row(); pixel < Part::pixels; pixel += Shape::down) {
                const Index at = part.image * Part::pixels + pixel;
                Pack<n> pack = load<n>(x + X::at(at) + channel);
                for (int k = 0; k < n; k++) pack.at[k] = activate<D>(fmaf(pack.at[k] - mean, inverse * gain.at[k], shift.at[k]));
                store(y + Y::at(at) + channel, pack);
            }
        }
        __syncthreads();
    }
}

// For each image, in scratch memory: of each group mean, inverse deviation and the means of g * dy and of g * dy * xhat; of each channel the
// sums of dy * xhat and of dy.
template <class D>
struct GroupSums {
    static constexpr int length = 4 * D::groups + 2 * D::input_c;
    float* group;
    float* channel;
    __device__ GroupSums(float* scratch, Index image) : group(scratch + image * length), channel(group + 4 * D::groups) {}
};

template <class D, class V, class T>
__device__ void group_norm_sums(T team, Index images, const float* x, const float* dy, const float* weight, float* scratch) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    typedef Groups<D, X, DY> Part;
    typedef typename Part::Shape Shape;
    constexpr int n = Part::n;
    __shared__ float numbers[2 * Part::together];
    for (Index tile = team.tile(); tile < images * Part::tiles; tile += team.tiles()) {
        Part part(tile);
        GroupSums<D> sums(scratch, part.image);
        part.template measure<X>(x, numbers);
        for (int turn = 0; turn < Shape::tiles; turn++) {
            const int c = Shape::channel(turn), channel = part.first + c;
            const bool valid = c < part.length();
            Pack<n> along = {}, plain = {};
            if (valid) {
                const float mean = numbers[c / Part::size * 2], inverse = numbers[c / Part::size * 2 + 1];
                for (int pixel = Shape::row(); pixel < Part::pixels; pixel += Shape::down) {
                    const Index at = part.image * Part::pixels + pixel;
                    Pack<n> a = load<n>(x + X::at(at) + channel), g = load<n>(dy + DY::at(at) + channel);
                    for (int k = 0; k < n; k++) along.at[k] = fmaf(g.at[k], (a.at[k] - mean) * inverse, along.at[k]);
                    add(plain, g);
                }
            }
            along = sum_down<Shape>(along), plain = sum_down<Shape>(plain);
            if (valid && Shape::row() == 0)
                for (int k = 0; k < n; k++) {
                    sums.channel[channel + k] = along.at[k];
                    sums.channel[D::input_c + channel + k] = plain.at[k];
                }
        }
        __syncthreads();
        // A warp a group.
        for (int i = threadIdx.x / 32; i < Part::together; i += block_size / 32) {
            const int number = part.first / Part::size + i;
            float along = 0.0f, plain = 0.0f;
            if (number < D::groups)
                for (int c = number * Part::size + lane(); c < (number + 1) * Part::size; c += 32) {
                    along = fmaf(weight[c], sums.channel[c], along);
                    plain = fmaf(weight[c], sums.channel[D::input_c + c], plain);
                }
            along = warp_sum(along), plain = warp_sum(plain);
            if (number < D::groups && lane() == 0) {
                constexpr float share = 1.0f / (Part::pixels * Part::size);
                float* of = sums.group + 4 * number;
                of[0] = numbers[2 * i], of[1] = numbers[2 * i + 1];
                of[2] = plain * share, of[3] = along * share;
            }
        }
        __syncthreads();
    }
}

// Images in order.
template <class D, class V, class T>
__device__ void group_norm_gradients(T team, Index images, float* scratch, float* weight, float* bias) {
    typedef Columns<D::input_c, 1, 32> Shape;
    for (Index tile = team.tile(); tile < Shape::tiles; tile += team.tiles()) {
        const int c = Shape::channel(tile);
        Pack<1> along = {}, plain = {};
        if (c < D::input_c)
            for (Index image = Shape::row(); image < images; image += Shape::down) {
                GroupSums<D> sums(scratch, image);
                along.at[0] += sums.channel[c];
                plain.at[0] += sums.channel[D::input_c + c];
            }
        along = sum_down<Shape>(along), plain = sum_down<Shape>(plain);
        if (c < D::input_c && Shape::row() == 0) put<V::adds>(weight + c, along.at[0]), put<V::adds>(bias + c, plain.at[0]);
    }
}

// With xhat = (x - m) / s and means over the group: dx = (g dy - mean(g dy) - xhat * mean(g dy * xhat)) / s.
template <class D, class V, class T, class G>
__device__ void group_norm_backward(T team, Index images, const float* x, const float* dy, G dx, const float* weight, float* scratch) {
    typedef typename V::X0 X;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    typedef Groups<D, X, DY, DX> Part;
    typedef typename Part::Shape Shape;
    constexpr int n = Part::n;
    for (Index tile = team.tile(); tile < images * Part::tiles; tile += team.tiles()) {
        Part part(tile);
        for (int turn = 0; turn < Shape::tiles; turn++) {
            const int c = Shape::channel(turn), channel = part.first + c;
            if (c >= part.length()) continue;
            const float* of = GroupSums<D>(scratch, part.image).group + channel / Part::size * 4;
            const float mean = of[0], inverse = of[1], plain = of[2], along = of[3];
            const Pack<n> gain = load_channels<n>(weight + channel);
            for (int pixel = Shape::row(); pixel < Part::pixels; pixel += Shape::down) {
                const Index at = part.image * Part::pixels + pixel;
                Pack<n> a = load<n>(x + X::at(at) + channel), g = load<n>(dy + DY::at(at) + channel);
                for (int k = 0; k < n; k++)
                    a.at[k] = inverse * (fmaf(g.at[k], gain.at[k], -plain) - (a.at[k] - mean) * inverse * along);
                put<V::add0>(dx + DX::at(at) + channel, a);
            }
        }
    }
}
