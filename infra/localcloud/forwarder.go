package main

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// forward lets containers reach the local cloud, which listens on the loopback address only. It listens on the
// container bridge's address and nowhere else. That address may appear with the first container, so it tries to listen
// until that works.
func forward(ctx context.Context, from, to string) {
	var listener net.Listener
	for {
		var err error
		if listener, err = net.Listen("tcp", from); err == nil {
			break
		}
		if pause(ctx, 20*time.Millisecond) != nil {
			return
		}
	}
	go func() {
		<-ctx.Done()
		listener.Close()
	}()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed
		}
		go join(conn, to)
	}
}

func join(in net.Conn, to string) {
	defer in.Close()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return // the caller sees a closed connection, as from a stopped cloud
	}
	defer out.Close()
	var both sync.WaitGroup
	pipe := func(dst, src net.Conn) {
		_, _ = io.Copy(dst, src)
		if half, ok := dst.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
	}
	both.Go(func() { pipe(out, in) })
	both.Go(func() { pipe(in, out) })
	both.Wait()
}
