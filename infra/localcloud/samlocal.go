package main

import (
	"context"
	"errors"
)

func samLocal(ctx context.Context, opts options) error { return errors.New("not yet") }
