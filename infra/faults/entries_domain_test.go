package faults_test

import "clientele/shared/membership"

func domainEntries() []entry {
	return []entry{
		{use: "Domains.List", prepare: (*world).claimed, as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.domains().List(w.ctx, c, w.vars["alpha"])
		}},
		{use: "Domains.Claim", prepare: (*world).settle, as: (*world).boss, route: "POST /customers/alpha/domains", run: func(w *world, c membership.Call) (any, error) {
			return w.domains().Claim(w.ctx, c, w.vars["alpha"], w.domain())
		}},
		{use: "Domains.Verify", prepare: (*world).claimed, as: (*world).boss, route: "POST /customers/alpha/domains/x/verify", run: func(w *world, c membership.Call) (any, error) {
			return w.domains().Verify(w.ctx, c, w.vars["alpha"], w.domain())
		}},
		{use: "Domains.Verify", situation: "the record is gone", as: (*world).staff, route: "POST /customers/alpha/domains/x/verify",
			prepare: func(w *world) { w.proven(); w.names.Set("_clientele." + w.domain()) },
			run: func(w *world, c membership.Call) (any, error) {
				return w.domains().Verify(w.ctx, c, w.vars["alpha"], w.domain())
			}},
		{use: "Domains.Remove", prepare: (*world).proven, as: (*world).staff, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.domains().Remove(w.ctx, c, w.vars["alpha"], w.domain())
		}},
	}
}

// domain is this world's own, because all share the name server.
func (w *world) domain() string { return "alpha-" + w.prefix + ".example" }

// claimed is settle with a claimed domain whose record is published.
func (w *world) claimed() {
	w.settle()
	d, err := w.domains().Claim(w.ctx, w.staff(), w.vars["alpha"], w.domain())
	w.must(err)
	w.names.Set(d.RecordName(), w.keys.DomainRecord(d.CustomerID, d.Name))
}

func (w *world) proven() {
	w.claimed()
	_, err := w.domains().Verify(w.ctx, w.staff(), w.vars["alpha"], w.domain())
	w.must(err)
}
