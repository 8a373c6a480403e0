// Gallery shows every component of shared/web on sample pages, so that the look can be worked on without a cloud:
//
//	go run ./infra/gallery                     photographs every sample
//	go run ./infra/gallery -axe <axe.min.js>   and prints what axe-core finds
//	go run ./infra/gallery -serve              serves http://127.0.0.1:8490
package main

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"time"

	"clientele/shared/web"
)

//go:embed pages text
var files embed.FS

func main() {
	address := flag.String("address", "127.0.0.1:8490", "address to serve on")
	serve := flag.Bool("serve", false, "serve the samples instead of taking pictures")
	screenshots := flag.String("screenshots", ".local/screenshots/components", "directory for the pictures")
	axe := flag.String("axe", "", "axe.min.js of axe-core, to print what is not accessible")
	flag.Parse()

	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := web.Secure(routes(), web.Security{PublicURL: "http://" + *address})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	if *serve {
		fmt.Println("http://" + *address)
		log.Fatal(server.Serve(listener))
	}
	go func() { log.Print(server.Serve(listener)) }()
	if err := photograph("http://"+*address, *screenshots, *axe); err != nil {
		log.Fatal(err)
	}
}

// routes serves every sample under its own address.
func routes() http.Handler {
	mux := http.NewServeMux()
	doors := map[string]*web.Pages{}
	for _, door := range []string{"console", "portal"} {
		doors[door] = web.New(web.Site{
			Door: door, Provider: "Nordwind Logistics", DefaultLanguage: "en", Files: []fs.FS{files}, Now: time.Now,
			SaveLanguage: func(*http.Request, string) error { return nil },
		})
	}
	mux.Handle("GET "+web.AssetsPath, doors["console"].Assets())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		doors["console"].Render(w, r, http.StatusOK, "index", samples(time.Now()))
	})
	for _, s := range samples(time.Now()) {
		mux.HandleFunc("/"+s.Name, func(w http.ResponseWriter, r *http.Request) {
			if s.Visitor != nil {
				v := *s.Visitor
				v.Language = r.FormValue("language")
				r = web.WithVisitor(r, v)
			} else {
				r = web.WithLanguage(r, r.FormValue("language"))
			}
			doors[s.Door].Render(w, r, s.Status, s.Page, s.Data)
		})
	}
	return mux
}
