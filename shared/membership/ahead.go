package membership

import "context"

// Ahead is a record that a request names, read while its caller is still being looked up: one wait instead of two. It
// is read with the reach that the caller will have if let in, so it is nothing that the caller must not see. A caller
// who is refused never learns of it.
type Ahead[T any] struct {
	reach Reach
	id    string
	done  chan struct{}
	found T
	err   error
}

// ReadAhead starts reading the record of an id and returns at once. The read goes on beside the caller's look-up and
// ends by itself.
func ReadAhead[T any](ctx context.Context, reach Reach, id string, read func(context.Context, Reach, string) (T, error)) *Ahead[T] {
	a := &Ahead[T]{reach: reach, id: id, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.found, a.err = read(ctx, reach, id)
	}()
	return a
}

// or returns the record read ahead if it is the one asked for now, and else reads it. A nil Ahead has read nothing.
func (a *Ahead[T]) or(ctx context.Context, reach Reach, id string, read func(context.Context, Reach, string) (T, error)) (T, error) {
	if a == nil || a.reach != reach || a.id != id {
		return read(ctx, reach, id)
	}
	<-a.done
	return a.found, a.err
}
