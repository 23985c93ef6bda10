#include "store/store_internal.h"

static struct jz_act **bucket_of(struct jz_queue *q, int64_t person)
{
    /* Fibonacci hashing: persons are numbers of facts, which come in regular steps. */
    return &q->buckets[(uint64_t)person * 0x9e3779b97f4a7c15u >> (64 - JZ_QUEUE_BUCKET_BITS)];
}

static void append(struct jz_queue *q, struct jz_act *act)
{
    act->next = NULL;
    *(q->first ? &q->last->next : &q->first) = act;
    q->last = act;
}

/* The act at the head of its person's line stands in the queue, and in a bucket to be found. */
static void lead(struct jz_queue *q, struct jz_act *act)
{
    append(q, act);
    if (!act->person)
        return;
    struct jz_act **bucket = bucket_of(q, act->person);
    act->in_bucket = *bucket;
    *bucket = act;
}

void jz_queue_add(struct jz_queue *q, struct jz_act *act)
{
    act->behind = NULL;
    act->line_end = act;
    q->waiting++;
    struct jz_act *head = act->person ? *bucket_of(q, act->person) : NULL;
    while (head && head->person != act->person)
        head = head->in_bucket;
    if (!head) {
        lead(q, act);
        return;
    }
    head->line_end->behind = act;
    head->line_end = act;
}

static struct jz_act *take_first(struct jz_queue *q)
{
    struct jz_act *act = q->first;
    q->first = act->next;
    q->waiting--;
    if (act->person) {
        struct jz_act **at = bucket_of(q, act->person);
        while (*at != act)
            at = &(*at)->in_bucket;
        *at = act->in_bucket;
    }
    return act;
}

size_t jz_queue_take(struct jz_queue *q, struct jz_act **ret_acts, size_t room)
{
    size_t count = 0;
    while (q->first && count < room && !(count > 0 && jz_act_is_alone(q->first))) {
        ret_acts[count++] = take_first(q);
        if (jz_act_is_alone(ret_acts[count - 1]))
            break;
    }
    /* Who stands behind them goes to the end, so that nobody's many acts keep others waiting. */
    for (size_t i = 0; i < count; i++) {
        struct jz_act *next = ret_acts[i]->behind;
        if (!next)
            continue;
        next->line_end = ret_acts[i]->line_end;
        lead(q, next);
    }
    return count;
}
