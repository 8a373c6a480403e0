package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

// door passes everything that arrives on its port to one HTTP API: the local cloud tells its APIs apart by the Host
// header.
func door(opts options, api string) (http.Handler, error) {
	target, err := url.Parse(opts.endpoint())
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 64,
		// What a function has compressed stays compressed.
		DisableCompression: true,
	}
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			r.Out.Host = api + ".execute-api.localhost"
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if errors.Is(err, context.Canceled) {
				return // the browser has left
			}
			http.Error(w, fmt.Sprintf("the local cloud does not answer: %v", err), http.StatusBadGateway)
		},
	}, nil
}

// servers are the servers on our ports.
type servers []*http.Server

func (s *servers) serve(l net.Listener, h http.Handler) {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(os.Stderr, "", 0),
	}
	*s = append(*s, server)
	go func() { _ = server.Serve(l) }() // until stop
}

func (s *servers) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	for _, server := range *s {
		_ = server.Shutdown(ctx)
		_ = server.Close()
	}
}
