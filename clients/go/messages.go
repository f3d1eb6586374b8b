package discue

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// Messages are what is delivered.
type Messages struct{ c *Client }

// Send returns when the message is on the server's disk.
func (m *Messages) Send(
	ctx context.Context, queueID string, message CreateMessageRequest, options ...CallOption,
) (MessageRef, error) {
	path, err := pathOf("queues", queueID, "messages")
	if err != nil {
		return MessageRef{}, err
	}
	var answer CreateMessageResult
	err = m.c.create(ctx, path, message, &answer, options)
	return answer.Message, err
}

// SendJSON sends a value as JSON, at once.
func (m *Messages) SendJSON(ctx context.Context, queueID string, value any, options ...CallOption) (MessageRef, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return MessageRef{}, err
	}
	return m.Send(ctx, queueID, CreateMessageRequest{Data: Ptr(string(data))}, options...)
}

// SendBytes sends bytes that may be no text, as what contentType says; without one it is application/octet-stream.
func (m *Messages) SendBytes(
	ctx context.Context, queueID string, data []byte, contentType string, options ...CallOption,
) (MessageRef, error) {
	message := CreateMessageRequest{DataBase64: Ptr(base64.StdEncoding.EncodeToString(data))}
	if contentType != "" {
		message.ContentType = Ptr(contentType)
	}
	return m.Send(ctx, queueID, message, options...)
}

// Bytes is the message's body, as a listener with a URL is sent it.
func (m Message) Bytes() ([]byte, error) { return bodyOf(m.Data, m.DataBase64) }

// Bytes is the message's body, as a listener with a URL is sent it.
func (m PulledMessage) Bytes() ([]byte, error) { return bodyOf(m.Data, m.DataBase64) }

func bodyOf(data, inBase64 string) ([]byte, error) {
	if inBase64 != "" {
		return base64.StdEncoding.DecodeString(inBase64)
	}
	return []byte(data), nil
}

// SendAll sends up to 1,000 at once: all of them are stored, or none.
func (m *Messages) SendAll(
	ctx context.Context, queueID string, messages []CreateMessageRequest, options ...CallOption,
) ([]MessageRef, error) {
	path, err := pathOf("queues", queueID, "messages", "batch")
	if err != nil {
		return nil, err
	}
	var answer CreateMessagesResult
	err = m.c.create(ctx, path, CreateMessagesRequest{Messages: messages}, &answer, options)
	return answer.Messages, err
}

// Get reads a message.
func (m *Messages) Get(ctx context.Context, id string) (Message, error) {
	path, err := pathOf("messages", id)
	if err != nil {
		return Message{}, err
	}
	var answer MessageEnvelope
	err = m.c.get(ctx, path, &answer)
	return answer.Message, err
}

// MessageFilter is by what messages of a queue are found; what is empty is not asked for.
type MessageFilter struct {
	Name, Key    string
	Status       MessageStatus
	Since, Until time.Time
}

// List is the messages of a queue, newest first.
func (m *Messages) List(ctx context.Context, queueID string, filter MessageFilter) iter.Seq2[Message, error] {
	path, err := pathOf("queues", queueID, "messages")
	if err != nil {
		return failing[Message](err)
	}
	return listed[Message](ctx, m.c, path, "messages", filter.query())
}

// Delete deletes a message; what is not delivered by then never is.
func (m *Messages) Delete(ctx context.Context, queueID, id string) error {
	path, err := pathOf("queues", queueID, "messages", id)
	if err != nil {
		return err
	}
	return m.c.delete(ctx, path)
}

func (f MessageFilter) query() url.Values {
	query := url.Values{}
	for name, text := range map[string]string{"name": f.Name, "key": f.Key, "status": string(f.Status)} {
		if text != "" {
			query.Set(name, text)
		}
	}
	for name, at := range map[string]time.Time{"since": f.Since, "until": f.Until} {
		if !at.IsZero() {
			query.Set(name, strconv.FormatInt(at.UnixMilli(), 10))
		}
	}
	return query
}
