package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// photograph takes every sample in both languages, wide and as on a phone, and in the dark.
func photograph(address, directory, axe string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	var rules string
	if axe != "" {
		script, err := os.ReadFile(axe)
		if err != nil {
			return err
		}
		rules = string(script) + auditing
	}
	browser, stop := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(chromedp.NoSandbox))
	defer stop()
	ctx, stop := context.WithTimeout(browser, 5*time.Minute)
	defer stop()
	for _, s := range samples(time.Now()) {
		for _, look := range []struct {
			name, scheme, language string
			width                  int64
			viewport               []chromedp.EmulateViewportOption
		}{
			{"wide-en", "light", "en", 1280, nil},
			{"wide-de", "light", "de", 1280, nil},
			{"dark-en", "dark", "en", 1280, nil},
			{"phone-en", "light", "en", 375, []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch}},
			{"phone-de", "light", "de", 375, []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch}},
		} {
			err := chromedp.Do(ctx,
				chromedp.EmulateViewport(look.width, 800, append(look.viewport, chromedp.EmulateScale(1))...),
				prefer(look.scheme),
				chromedp.Navigate(address+"/"+s.Name+"?language="+look.language),
			)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", s.Name, look.name, err)
			}
			overflow, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > innerWidth"))
			if err != nil {
				return fmt.Errorf("%s, %s: %w", s.Name, look.name, err)
			}
			if rules != "" {
				found, err := chromedp.Run(ctx, chromedp.Evaluate[string](rules, chromedp.EvalAwaitPromise))
				if err != nil {
					return fmt.Errorf("%s, %s: axe: %w", s.Name, look.name, err)
				}
				if found != "" {
					fmt.Printf("%s %s\n%s\n", s.Name, look.name, found)
				}
			}
			picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err != nil {
				return fmt.Errorf("%s, %s: %w", s.Name, look.name, err)
			}
			if overflow {
				fmt.Println(s.Name, look.name, "is wider than the window")
			}
			if err := os.WriteFile(filepath.Join(directory, s.Name+"-"+look.name+".png"), picture, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// auditing opens one menu, so that a menu is checked too; two would report as covered what nobody sees covered.
const auditing = `
const menu = document.querySelector(".row-menu") ?? document.querySelector(".user-menu");
if (menu) menu.open = true;
axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) => {
  if (menu) menu.open = false;
  return r.violations.map((v) => v.id + " (" + v.impact + "): " + v.help + "\n" +
    v.nodes.slice(0, 3).map((n) => "    " + n.html.slice(0, 160) + " " + n.failureSummary.replace(/\s+/g, " ").slice(0, 300)).join("\n")).join("\n");
})`

// prefer makes the browser ask for a light or dark page.
func prefer(scheme string) chromedp.Action[chromedp.Void] {
	media := emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media)
		return err
	})
}
