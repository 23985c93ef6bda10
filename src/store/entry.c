/* What decide calls: rows and statements are copied into the group's arena. */
#include "store/store_internal.h"

#include <string.h>

/* The values with their bytes, in the arena. */
static struct jz_sql_value *keep(struct jz_entry *entry, const struct jz_sql_value *values,
                                 size_t count)
{
    size_t size = count * sizeof *values;
    for (size_t i = 0; i < count; i++)
        size += values[i].size;
    struct jz_sql_value *kept = jz_arena_take(entry->arena, size);
    if (!kept)
        return NULL;
    uint8_t *bytes = (uint8_t *)(kept + count);
    for (size_t i = 0; i < count; i++) {
        kept[i] = values[i];
        if (values[i].size > 0) {
            memcpy(bytes, values[i].data, values[i].size);
            kept[i].data = bytes;
            bytes += values[i].size;
        }
    }
    return kept;
}

/* NULL when the entry has failed; the caller of decide looks at that. */
static struct jz_write *push(struct jz_entry *entry, const struct jz_sql_value *values,
                             size_t count)
{
    if (entry->failed)
        return NULL;
    if (entry->count == JZ_STORE_ENTRY_ROWS) {
        entry->failed = JZ_E_LIMIT;
        return NULL;
    }
    if (entry->count == entry->room) {
        const size_t room = entry->room ? entry->room * 2 : 1024;
        struct jz_write *writes = realloc(entry->writes, room * sizeof *writes);
        if (!writes) {
            entry->failed = JZ_E_MEMORY;
            return NULL;
        }
        entry->writes = writes;
        entry->room = room;
    }
    struct jz_sql_value *kept = keep(entry, values, count);
    if (!kept) {
        entry->failed = JZ_E_MEMORY;
        return NULL;
    }
    struct jz_write *w = &entry->writes[entry->count++];
    *w = (struct jz_write){ .values = kept, .count = count };
    return w;
}

int64_t jz_entry_add(struct jz_entry *entry, enum jz_table table,
                     const struct jz_sql_value values[JZ_MAX_COLUMNS])
{
    const struct jz_table_info *info = jz_table_info(table);
    struct jz_write *w = push(entry, values, jz_table_columns(table));
    if (!w)
        return 0;
    const int64_t id = entry->next_id++;
    w->table = table;
    w->values[JZ_C_ID] = jz_int(id);
    w->values[JZ_C_AT] = jz_int(entry->now);
    if (info->person && (!info->listed_if || values[info->listed_if].type != JZ_SQL_NULL)) {
        const struct jz_sql_value listed[JZ_MAX_COLUMNS] = {
            [PERSON_FACT_PERSON] = values[info->person],
            [PERSON_FACT_FACT] = jz_int(id),
            [PERSON_FACT_KIND] = jz_int(table),
        };
        jz_entry_put(entry, JZ_T_PERSON_FACT, listed);
    }
    return id;
}

void jz_entry_put(struct jz_entry *entry, enum jz_table table,
                  const struct jz_sql_value values[JZ_MAX_COLUMNS])
{
    struct jz_write *w = push(entry, values, jz_table_columns(table));
    if (w)
        w->table = table;
}

void jz_entry_run(struct jz_entry *entry, const char *statement, const struct jz_sql_value *values,
                  size_t count)
{
    struct jz_write *w = push(entry, values, count);
    if (w)
        w->statement = statement;
}

int64_t jz_entry_next_id(const struct jz_entry *entry)
{
    return entry->next_id;
}

int64_t jz_entry_now(const struct jz_entry *entry)
{
    return entry->now;
}

struct jz_date jz_entry_today(const struct jz_entry *entry)
{
    return jz_date_at(entry->now);
}

bool jz_entry_has_company(const struct jz_entry *entry)
{
    return entry->has_company;
}

void jz_entry_policies_changed(struct jz_entry *entry)
{
    entry->policies_changed = true;
}

void jz_entry_bulk(struct jz_entry *entry)
{
    entry->is_bulk = true;
}
