package membership

import "context"

// Ahead is a record that a request names, being read while its caller is still being looked up: one wait instead of two.
// It is read with the reach that the caller has if let in, so it cannot be what the caller must not see; who is refused
// never learns of it.
type Ahead[T any] struct {
	reach Reach
	id    string
	done  chan struct{}
	found T
	err   error
}

// ReadAhead begins to read the record of an id. It goes on beside the caller's look-up and ends by itself.
func ReadAhead[T any](ctx context.Context, reach Reach, id string, read func(context.Context, Reach, string) (T, error)) *Ahead[T] {
	a := &Ahead[T]{reach: reach, id: id, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.found, a.err = read(ctx, reach, id)
	}()
	return a
}

// or returns what was read ahead where that is what is asked for now, and reads otherwise; nil has read nothing.
func (a *Ahead[T]) or(ctx context.Context, reach Reach, id string, read func(context.Context, Reach, string) (T, error)) (T, error) {
	if a == nil || a.reach != reach || a.id != id {
		return read(ctx, reach, id)
	}
	<-a.done
	return a.found, a.err
}
