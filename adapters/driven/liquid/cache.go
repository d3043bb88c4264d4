package liquid

import "sync"

// Bounds of one generation of the cache; there are two.
const (
	maxCached      = 512
	maxCachedBytes = 8 << 20
)

// cache keeps parsed forms by their text. What was not asked for during a whole generation is forgotten.
type cache struct {
	mu    sync.Mutex
	young map[string]*form
	old   map[string]*form
	bytes int // of the texts in young
}

func (c *cache) get(text string) (*form, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.young[text]; ok {
		return f, true
	}
	f, ok := c.old[text]
	if ok {
		c.add(text, f)
	}
	return f, ok
}

func (c *cache) put(text string, f *form) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(text, f)
}

func (c *cache) add(text string, f *form) {
	if c.young == nil || len(c.young) >= maxCached || c.bytes+len(text) > maxCachedBytes {
		c.old, c.young, c.bytes = c.young, make(map[string]*form), 0
	}
	if _, there := c.young[text]; !there {
		c.bytes += len(text)
	}
	c.young[text] = f
}
