// Command localcloud runs the whole product on one machine: it starts a local stand-in for AWS, deploys template.yaml
// to it and gives every door an address on 127.0.0.1.
//
//	localcloud run        in the foreground, until Ctrl-C
//	localcloud start      in the background; returns once everything answers
//	localcloud stop       ends what start (or run) began
//	localcloud sam-local  the API in containers, through `sam local start-api`
//	localcloud sam-invoke NotifyFunction event.json
//	                      one function, once, in a container
//	localcloud tools      only installs the pinned tools
//
// For the environment variables that change it, see options.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) < 2 || (len(os.Args) == 4) != (os.Args[1] == "sam-invoke") {
		fmt.Fprintln(os.Stderr, "usage: localcloud run|start|stop|sam-local|tools, or localcloud sam-invoke <function> <event file>")
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	err := command(ctx, os.Args[1], os.Args[2:])
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "\nlocalcloud: "+err.Error())
		os.Exit(1)
	}
}

func command(ctx context.Context, name string, args []string) error {
	opts, err := readOptions()
	if err != nil {
		return err
	}
	switch name {
	case "run":
		return run(ctx, opts)
	case "start":
		return start(ctx, opts)
	case "stop":
		return stop(ctx, opts)
	case "sam-local":
		return samLocal(ctx, opts)
	case "sam-invoke":
		return samInvoke(ctx, opts, args[0], args[1])
	case "tools":
		_, err := findTools(ctx, opts)
		return err
	}
	return fmt.Errorf("there is no command %q", name)
}
