package domainname

import (
	"context"
	"errors"
	"net"
	"time"

	"clientele/shared/membership"
)

// Names asks name servers and the lists. Its zero value asks nobody: see New.
type Names struct {
	resolver *net.Resolver
	patience time.Duration
}

// patience is how long name servers may take together: a function's request has ten seconds.
const patience = 5 * time.Second

// New returns Names that ask the system's name servers, which Lambda has outside a VPC as well. server is the address
// of another one, host:port, for the local cloud; "" on AWS.
func New(server string) Names {
	resolver := &net.Resolver{PreferGo: true}
	if server != "" {
		resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, server)
		}
	}
	return Names{resolver: resolver, patience: patience}
}

// TXT returns the texts of the TXT records of a name, none when there is no such name or record.
// Errors: ErrDNSUnavailable.
func (n Names) TXT(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, n.patience)
	defer cancel()
	texts, err := n.resolver.LookupTXT(ctx, name+".") // the dot keeps the system's search list out
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, membership.ErrDNSUnavailable.Because(err)
	}
	return texts, nil
}
