package pages_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// axeScript returns axe-core (infra/axe pins its version).
func axeScript(t testing.TB) string {
	t.Helper()
	directory := filepath.Join(checkout, "infra", "axe")
	file := filepath.Join(directory, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		install.Dir = directory
		if said, err := install.CombinedOutput(); err != nil {
			t.Fatalf("install axe-core (npm ci in infra/axe): %v\n%s", err, said)
		}
	}
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// auditing returns what axe-core calls serious or critical: on the page with its menus closed, and in the menus when
// they are open (then they cover each other and the rows below). It leaves the menus as they were. (The bar below a
// table covers the rows that are scrolled under it; at the end of the page it has its own place.)
const auditing = `
(async () => {
  const options = { resultTypes: ["violations"], preload: false };
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const menus = [...document.querySelectorAll("details")];
  const open = menus.map((d) => d.open);
  menus.forEach((d) => { d.open = false; });
  scrollTo(0, document.documentElement.scrollHeight);
  const found = (await axe.run({ ...options, runOnly: tags })).violations;
  scrollTo(0, 0);
  if (menus.length) {
    const names = menus.map((d) => d.getAttribute("name"));
    menus.forEach((d) => { d.removeAttribute("name"); d.open = true; });
    found.push(...(await axe.run([...document.querySelectorAll(".menu-list")].slice(0, 4), { ...options, runOnly: tags, rules: { "target-size": { enabled: false } } })).violations);
    menus.forEach((d, i) => { d.open = open[i]; if (names[i] !== null) d.setAttribute("name", names[i]); });
  }
  return found.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => v.id + " (" + v.impact + "): " + v.help + "\n" +
    v.nodes.slice(0, 3).map((n) => "    " + n.html.slice(0, 160) + " " + n.failureSummary.replace(/\s+/g, " ").slice(0, 300)).join("\n")).join("\n");
})()`

// audit returns what is not accessible on the page, or "".
func (p person) audit(script string) string {
	p.t.Helper()
	// A part that refreshes itself would replace elements during the audit.
	p.comes("the page to stay as it is", func() bool { return p.yes(`!document.querySelector("[data-live]")`) })
	found := asking(p, "axe", 6*time.Minute, func(ctx context.Context, t *chromedp.Target) (string, error) {
		loaded, err := chromedp.Evaluate[bool](`"axe" in window`)(ctx, t)
		if err == nil && !loaded { // once per page
			_, err = chromedp.Evaluate[chromedp.Void](script)(ctx, t)
		}
		if err != nil {
			return "", err
		}
		return chromedp.Evaluate[string](auditing, chromedp.EvalAwaitPromise)(ctx, t)
	})
	return strings.TrimSpace(found)
}
