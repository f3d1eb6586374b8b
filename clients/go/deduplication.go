package discue

import (
	"container/list"
	"context"
	"sync"
)

// DeduplicationState is what a store knows of a message.
type DeduplicationState int

const (
	// MessageNew says that the caller handles it now.
	MessageNew DeduplicationState = iota
	// MessageDone says that it was handled.
	MessageDone
	// MessageRunning says that another call handles it at this moment.
	MessageRunning
)

// DeduplicationStore is where a receiver notes which messages it has handled. With several processes it has to be one that
// all of them see, such as a table whose primary key is the id. What a process began and never ended, because it died,
// should be MessageNew again after a while.
type DeduplicationStore interface {
	Begin(ctx context.Context, id string) (DeduplicationState, error)
	// Finish notes that it was handled, and never is again.
	Finish(ctx context.Context, id string) error
	// Abandon notes that it was not: the next attempt may.
	Abandon(ctx context.Context, id string) error
}

// MemoryDeduplication remembers in this process's memory; the oldest that are done are forgotten first.
type MemoryDeduplication struct {
	mutex sync.Mutex
	most  int
	known map[string]*list.Element
	// Those that are done, the oldest first.
	done list.List
}

// NewMemoryDeduplication remembers up to so many messages that are done.
func NewMemoryDeduplication(most int) *MemoryDeduplication {
	return &MemoryDeduplication{most: most, known: map[string]*list.Element{}}
}

// Begin answers with MessageNew where it is neither done nor running.
func (m *MemoryDeduplication) Begin(_ context.Context, id string) (DeduplicationState, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	element, isKnown := m.known[id]
	switch {
	case !isKnown:
		m.known[id] = nil
		return MessageNew, nil
	case element == nil:
		return MessageRunning, nil
	default:
		return MessageDone, nil
	}
}

// Finish notes that it was handled.
func (m *MemoryDeduplication) Finish(_ context.Context, id string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.known[id] = m.done.PushBack(id)
	if m.done.Len() > m.most {
		delete(m.known, m.done.Remove(m.done.Front()).(string))
	}
	return nil
}

// Abandon notes that it was not.
func (m *MemoryDeduplication) Abandon(_ context.Context, id string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.known, id)
	return nil
}
