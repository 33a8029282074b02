// A block's tile of a product, sum[m, n] = sum over k of A[m, k] * B[k, n]: STEP terms at a time are copied to shared memory while those
// before them are multiplied, in registers by FMA or by tensor cores.

// What operands are rounded to (`Precision` of the host).
enum class Precision { F32, Tf32, Bf16 };
constexpr Precision precision = Precision::NETC_PRECISION;

// Blocks that a processor holds at least: with 64 sums a thread FMA needs more than the 128 registers of 16 warps, tensor cores do not.
__host__ __device__ constexpr int at_least_one(int) { return 1; }
__host__ __device__ constexpr int resident(int threads) { return precision == Precision::F32 ? 1 : 512 / threads; }

constexpr int STEP = 16;

// Where the number (row, k) of an operand lies in shared memory: the terms of a row next to each other, or the rows of a term. Swizzled, so
// that neither a copy by 16 bytes nor a read below meets a bank twice.
template <int ROWS, bool BY_ROW>
__device__ inline int place(int row, int k) {
    if constexpr (BY_ROW) return row * STEP + (k ^ (row & 6) * 2);
    else return k * ROWS + (row ^ (k & 3) * 8);
}

// M x N numbers by THREADS threads; a warp has 32 rows and `8 * across` columns.
template <int M, int N, int THREADS>
struct Tile {
    static constexpr int m = M, n = N, threads = THREADS;
    static constexpr int warps_n = THREADS / M, across = N / warps_n / 8;
    static constexpr int stage = (M + N) * STEP;
    static constexpr int stages = stage * 12 < 49152 ? 3 : 2;
    static_assert(across == 4 || across == 8, "a warp has 32 or 64 columns");

    float sum[2 * across][4];

    __device__ static int row() { return threadIdx.x / 32 / warps_n * 32; }
    __device__ static int column() { return threadIdx.x / 32 % warps_n * across * 8; }

    __device__ void clear() {
#pragma unroll
        for (int i = 0; i < 2 * across; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) sum[i][j] = 0.0f;
    }

    // A thread has the rows `lane / 8 + 4 i`, or by fours where A lies by terms, and the columns likewise.
    template <bool A_BY_ROW, bool B_BY_ROW>
    __device__ void multiply_f32(const float* a, const float* b) {
        const int down = row() + lane() / 8 * (A_BY_ROW ? 1 : 4), right = column() + lane() % 8 * (B_BY_ROW ? 1 : 4);
#pragma unroll 2
        for (int k = 0; k < STEP; k += 4) {
            float x[8][4];
#pragma unroll
            for (int i = 0; i < 8; i++) {
                if constexpr (A_BY_ROW) {
                    float4 four = *(const float4*)(a + place<M, true>(down + 4 * i, k));
                    x[i][0] = four.x, x[i][1] = four.y, x[i][2] = four.z, x[i][3] = four.w;
                } else {
                    float4 four = *(const float4*)(a + place<M, false>(down + i / 4 * 16, k + i % 4));
                    x[i / 4 * 4][i % 4] = four.x, x[i / 4 * 4 + 1][i % 4] = four.y;
                    x[i / 4 * 4 + 2][i % 4] = four.z, x[i / 4 * 4 + 3][i % 4] = four.w;
                }
            }
#pragma unroll
            for (int j = 0; j < across; j++) {
                // Four terms of a column, or one of four columns.
                const float* from = B_BY_ROW ? b + place<N, true>(right + 8 * j, k) : b + place<N, false>(right + j / 4 * 32, k + j % 4);
                const float4 four = *(const float4*)from;
                const float y[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
                for (int q = 0; q < 4; q++) {
                    const int term = B_BY_ROW ? q : j % 4, to = B_BY_ROW ? j : j / 4 * 4 + q;
#pragma unroll
                    for (int i = 0; i < 8; i++) {
                        float& one = sum[(i * across + to) / 4][to % 4];
                        one = fmaf(x[i][term], y[q], one);
                    }
                }
            }
        }
    }

#if __CUDA_ARCH__ >= 800
    // Fragments of 16 x 8 and 8 x 8 numbers, rounded as they are read.
    template <bool A_BY_ROW, bool B_BY_ROW>
    __device__ void multiply_tf32(const float* a, const float* b) {
        const int group = lane() / 4, t = lane() % 4;
#pragma unroll
        for (int k = 0; k < STEP; k += 8) {
            unsigned x[2][4];
#pragma unroll
            for (int i = 0; i < 8; i++)
                x[i / 4][i % 4] = to_tf32(a[place<M, A_BY_ROW>(row() + i / 4 * 16 + i % 2 * 8 + group, k + i % 4 / 2 * 4 + t)]);
#pragma unroll
            for (int j = 0; j < across; j++) {
                unsigned y[2];
#pragma unroll
                for (int i = 0; i < 2; i++) y[i] = to_tf32(b[place<N, B_BY_ROW>(column() + j * 8 + group, k + i * 4 + t)]);
#pragma unroll
                for (int i = 0; i < 2; i++) mma_tf32(sum[i * across + j], x[i], y);
            }
        }
    }

    // The order of the terms is free as long as it is that of both operands: a lane takes k = t, t + 4, t + 8, t + 12.
    template <bool A_BY_ROW, bool B_BY_ROW>
    __device__ void multiply_bf16(const float* a, const float* b) {
        const int group = lane() / 4, t = lane() % 4;
        unsigned x[2][4];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const int r = row() + i / 4 * 16 + i % 2 * 8 + group, k = i % 4 / 2 * 8 + t;
            x[i / 4][i % 4] = pack_bf16(a[place<M, A_BY_ROW>(r, k)], a[place<M, A_BY_ROW>(r, k + 4)]);
        }
#pragma unroll
        for (int j = 0; j < across; j++) {
            const int r = column() + j * 8 + group;
            unsigned y[2];
#pragma unroll
            for (int i = 0; i < 2; i++) y[i] = pack_bf16(b[place<N, B_BY_ROW>(r, i * 8 + t)], b[place<N, B_BY_ROW>(r, i * 8 + t + 4)]);
#pragma unroll
            for (int i = 0; i < 2; i++) mma_bf16(sum[i * across + j], x[i], y);
        }
    }
#endif

    // Adds the steps `first..last`. Ends with a barrier.
    template <class A, class B>
    __device__ void add(A& a, B& b, float* shared, int first, int last) {
#pragma unroll
        for (int s = 0; s < stages - 1; s++) {
            if (first + s < last) load(a, b, shared, first + s, s);
            copy_async_commit();
        }
        int stage_now = 0;
        for (int step = first; step < last; step++) {
            copy_async_wait<stages - 2>();
            __syncthreads();
            const int next = step + stages - 1;
            if (next < last) load(a, b, shared, next, stage_now == 0 ? stages - 1 : stage_now - 1);
            copy_async_commit();
            float* now = shared + stage_now * stage;
            a.read(now);
            multiply<A::by_row, B::by_row>(now, now + M * STEP);
            stage_now = stage_now == stages - 1 ? 0 : stage_now + 1;
        }
        copy_async_wait<0>();
        __syncthreads();
    }

    template <class A, class B>
    __device__ static void load(A& a, B& b, float* shared, int step, int to) {
        a.load(shared + to * stage, step);
        b.load(shared + to * stage + M * STEP, step);
    }

    template <bool A_BY_ROW, bool B_BY_ROW>
    __device__ void multiply(const float* a, const float* b) {
#if __CUDA_ARCH__ >= 800
        if constexpr (precision == Precision::Tf32) return multiply_tf32<A_BY_ROW, B_BY_ROW>(a, b);
        if constexpr (precision == Precision::Bf16) return multiply_bf16<A_BY_ROW, B_BY_ROW>(a, b);
#endif
        multiply_f32<A_BY_ROW, B_BY_ROW>(a, b);
    }

    // Hands the sums out: `out.row(m)` is where a row begins, `out.column<RUN>(n)` comes before `out.put<RUN>(row, values)` for the columns
    // from n on.
    template <bool A_BY_ROW, bool B_BY_ROW, class OUT>
    __device__ void write(OUT& out) {
#if __CUDA_ARCH__ >= 800
        if constexpr (precision != Precision::F32) return write_fragments(out);
#endif
        constexpr int run = B_BY_ROW ? 1 : 4;
        const int down = row() + lane() / 8 * (A_BY_ROW ? 1 : 4), right = column() + lane() % 8 * run;
        Index rows[8];
#pragma unroll
        for (int i = 0; i < 8; i++) rows[i] = out.row(A_BY_ROW ? down + 4 * i : down + i / 4 * 16 + i % 4);
#pragma unroll
        for (int j = 0; j < across; j += run) {
            out.template column<run>(right + 8 * j);
#pragma unroll
            for (int i = 0; i < 8; i++) out.template put<run>(rows[i], &sum[(i * across + j) / 4][j % 4]);
        }
    }

    template <class OUT>
    __device__ void write_fragments(OUT& out) {
        const int group = lane() / 4, t = lane() % 4;
        Index rows[4];
#pragma unroll
        for (int i = 0; i < 4; i++) rows[i] = out.row(row() + i * 8 + group);
#pragma unroll
        for (int j = 0; j < across; j++) {
            out.template column<2>(column() + j * 8 + t * 2);
#pragma unroll
            for (int i = 0; i < 4; i++) out.template put<2>(rows[i], &sum[i / 2 * across + j][i % 2 * 2]);
        }
    }
};

// What its steps are copied to. All products of a kernel that have one tile use the same, one after the other.
template <class TILE>
__device__ inline float* stage_memory() {
    __shared__ float4 shared[TILE::stage * TILE::stages / 4];
    return (float*)shared;
}

// Copies `V` numbers to shared memory, zeros where they are not valid.
template <int V>
__device__ inline void copy_async(float* to, const float* from, bool valid) {
    if constexpr (V == 4) copy_async_16(to, from, valid);
    else copy_async_4(to, from, valid);
}

// Writes or adds neighbouring numbers; ALIGNED: as many as are a vector.
template <int RUN, bool ADD, bool ALIGNED>
__device__ inline void put_run(float* to, const float* values, int count) {
    if constexpr (RUN == 4 && ALIGNED) {
        if (count <= 0) return;
        float4 all = {values[0], values[1], values[2], values[3]};
        if constexpr (ADD) {
            float4 old = *(const float4*)to;
            all = {old.x + all.x, old.y + all.y, old.z + all.z, old.w + all.w};
        }
        *(float4*)to = all;
    } else if constexpr (RUN == 2 && ALIGNED) {
        if (count <= 0) return;
        float2 all = {values[0], values[1]};
        if constexpr (ADD) {
            float2 old = *(const float2*)to;
            all = {old.x + all.x, old.y + all.y};
        }
        *(float2*)to = all;
    } else {
#pragma unroll
        for (int i = 0; i < RUN; i++)
            if (i < count) put<ADD>(to + i, values[i]);
    }
}
template <int RUN, bool ADD, bool ALIGNED, Act ACT>
__device__ inline void put_run(const Through<ACT>& to, const float* values, int count) {
    if constexpr (RUN > 1 && ALIGNED) {
        if (count <= 0) return;
        Pack<RUN> all;
#pragma unroll
        for (int i = 0; i < RUN; i++) all.at[i] = values[i];
        put<ADD>(to, all);
    } else {
#pragma unroll
        for (int i = 0; i < RUN; i++)
            if (i < count) put<ADD>(to + (Index)i, values[i]);
    }
}

// No row.
constexpr Index NOWHERE = (Index)-1;

// The part of a product's work that a block does next: parts of the terms of one tile go to several blocks where there are few tiles, `LEAST`
// in all at least.
template <int LEAST>
struct Split {
    int parts;

    __device__ Split(Index tiles, int steps) {
        parts = 1;
        if (LEAST > 1 && tiles * 2 <= LEAST) {
            const int most = (steps + 7) / 8, wanted = LEAST / (int)tiles;
            parts = most < 1 ? 1 : wanted < most ? wanted : most;
        }
    }

    // Adds up the parts of a tile in order, in the last block that has one: whether this is it. The numbers are the thread's own.
    template <int THREADS, int COUNT>
    __device__ bool join(float (&numbers)[COUNT][4], float& more, Index tile, int part, float* scratch, unsigned* arrived, bool* last) const {
        if (LEAST <= 1 || parts == 1) return true;
        constexpr int each = (COUNT * 4 + 1) * THREADS;
        float* all = scratch + tile * parts * each + threadIdx.x;
        float* own = all + part * each;
#pragma unroll
        for (int i = 0; i < COUNT * 4; i++) own[i * THREADS] = numbers[i / 4][i % 4];
        own[COUNT * 4 * THREADS] = more;
        __threadfence();
        __syncthreads();
        if (threadIdx.x == 0) *last = atomicAdd(arrived + tile, 1u) == parts - 1u;
        __syncthreads();
        if (!*last) return false;
        __threadfence();
        more = 0.0f;
#pragma unroll
        for (int i = 0; i < COUNT * 4; i++) numbers[i / 4][i % 4] = 0.0f;
        for (int p = 0; p < parts; p++, all += each) {
#pragma unroll
            for (int i = 0; i < COUNT * 4; i++) numbers[i / 4][i % 4] += __ldcg(all + i * THREADS);
            more += __ldcg(all + COUNT * 4 * THREADS);
        }
        if (threadIdx.x == 0) arrived[tile] = 0;
        return true;
    }
};
