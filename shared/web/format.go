package web

import (
	"strconv"
	"time"
)

// number returns 1,234 or 1.234, depending on the language.
func (c *catalogue) number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	separator := c.say(Text("number.separator"))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return sign + digits
}

// date returns 2 January 2006 or 2. Januar 2006, in UTC like all times on pages.
func (c *catalogue) date(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return c.say(Text("time.date",
		"day", strconv.Itoa(t.Day()), "month", c.months[t.Month()-1], "year", strconv.Itoa(t.Year())))
}

// shortDate returns 2 Jan 2006 or 2. Jan. 2006, for columns.
func (c *catalogue) shortDate(t time.Time) string {
	t = t.UTC()
	return c.say(Text("time.date", "day", strconv.Itoa(t.Day()), "month", c.shortMonths[t.Month()-1], "year", strconv.Itoa(t.Year())))
}

// datetime returns 2 January 2006 15:04 UTC or 2. Januar 2006, 15:04 Uhr UTC.
func (c *catalogue) datetime(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return c.say(Text("time.datetime", "date", c.date(t), "clock", t.UTC().Format("15:04")))
}

// relative returns "in 3 days" or "3 days ago", or the date when it is more than a month away, where counting days no
// longer helps.
func (c *catalogue) relative(t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	direction, distance := "time.in", t.Sub(now)
	if distance < 0 {
		direction, distance = "time.ago", -distance
	}
	switch {
	case distance < 45*time.Second:
		return c.say(Text("time.now"))
	case distance < time.Hour-30*time.Second:
		return c.count(direction+".minutes", int(distance.Round(time.Minute)/time.Minute))
	case distance < 24*time.Hour-30*time.Minute:
		return c.count(direction+".hours", int(distance.Round(time.Hour)/time.Hour))
	case distance < 31*24*time.Hour:
		const day = 24 * time.Hour
		return c.count(direction+".days", int(distance.Round(day)/day))
	}
	return c.date(t)
}
