// Zeros around the picture; backward, the gradient without them.

template <class D, class V, class T>
__device__ void pad(T team, Index images, const float* x, float* y) {
    shift_picture<false, typename V::Y, typename V::X0, D::pad_top, D::pad_left>(team, images, x, y);
}

template <class D, class V, class T, class G>
__device__ void pad_backward(T team, Index images, const float* dy, G dx) {
    shift_picture<V::add0, typename V::DX0, typename V::DY, -D::pad_top, -D::pad_left>(team, images, dy, dx);
}
