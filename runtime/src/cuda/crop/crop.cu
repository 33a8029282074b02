// The picture without some rows and columns; backward, zeros in their place.

template <class D, class V, class T>
__device__ void crop(T team, Index images, const float* x, float* y) {
    shift_picture<false, typename V::Y, typename V::X0, -D::crop_top, -D::crop_left>(team, images, x, y);
}

template <class D, class V, class T, class G>
__device__ void crop_backward(T team, Index images, const float* dy, G dx) {
    shift_picture<V::add0, typename V::DX0, typename V::DY, D::crop_top, D::crop_left>(team, images, dy, dx);
}
