package discue

import "encoding/json"

// Field is a property of a change that may be left out, be null, or have a value. Its zero value is left out.
type Field[T any] struct {
	value T
	state fieldState
}

type fieldState uint8

const (
	leftOut fieldState = iota
	null
	set
)

// Value is a property with this value.
func Value[T any](value T) Field[T] { return Field[T]{value: value, state: set} }

// Null is a property that is taken away.
func Null[T any]() Field[T] { return Field[T]{state: null} }

// IsZero says whether it is left out; encoding/json asks for it.
func (f Field[T]) IsZero() bool { return f.state == leftOut }

// MarshalJSON writes its value, or null.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if f.state != set {
		return []byte("null"), nil
	}
	return json.Marshal(f.value)
}

// Ptr is a pointer to a value, for properties that may be left out.
func Ptr[T any](value T) *T { return &value }
