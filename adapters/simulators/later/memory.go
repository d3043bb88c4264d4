package later

import "sync"

// Memory remembers values by key, at least the newest so many and at most twice as many.
type Memory[V any] struct {
	mu       sync.Mutex
	capacity int
	young    map[string]V
	old      map[string]V
}

// NewMemory returns an empty memory.
func NewMemory[V any](capacity int) *Memory[V] {
	return &Memory[V]{capacity: capacity, young: map[string]V{}}
}

// Get returns the value of a key.
func (m *Memory[V]) Get(key string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.get(key)
}

func (m *Memory[V]) get(key string) (V, bool) {
	if value, found := m.young[key]; found {
		return value, true
	}
	value, found := m.old[key]
	return value, found
}

// Put remembers a value.
func (m *Memory[V]) Put(key string, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, value)
}

func (m *Memory[V]) put(key string, value V) {
	if len(m.young) >= m.capacity {
		m.old, m.young = m.young, map[string]V{}
	}
	m.young[key] = value
}

// Add remembers a value unless the key has one; it returns the key's value and whether it was there before.
func (m *Memory[V]) Add(key string, value V) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, found := m.get(key); found {
		return known, true
	}
	m.put(key, value)
	return value, false
}

// Remove forgets a key.
func (m *Memory[V]) Remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.young, key)
	delete(m.old, key)
}

// Keys lists what is remembered, in no order.
func (m *Memory[V]) Keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := make([]string, 0, len(m.young)+len(m.old))
	for key := range m.young {
		keys = append(keys, key)
	}
	for key := range m.old {
		if _, again := m.young[key]; !again {
			keys = append(keys, key)
		}
	}
	return keys
}
