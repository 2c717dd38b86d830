/* site.c - the organisation: its people, machines and networks, and what it
 * tells kura about them.
 *
 *     10.0.0.0/24      servers       .10 .11 controllers, .20 .21 files, .22
 *                                    intranet, .26 mail store, .30 backup
 *     10.0.9.0/24      inner DMZ     .25 mail, .53 .54 names, .80 .81 proxies
 *     10.1.0-3.0/24    clients       sales, development, affairs, research
 *     10.2.0.0/24      guests        allowed to the Internet directly
 *     10.9.0.0/24      management    .5 .6 administrators, .20 monitoring
 *     203.0.113.0/28   public        .2 translation, .3 mail, .5 web */
#include "tests/bench/gen/scenario.h"

#include <string.h>

struct ip ip_of(uint32_t ip)
{
    struct ip out;

    (void)snprintf(out.text, sizeof(out.text), "%u.%u.%u.%u", ip >> 24,
                   (ip >> 16) & 255, (ip >> 8) & 255, ip & 255);
    return out;
}

void people_fill(struct scenario *s)
{
    uint32_t i;

    for (i = 0; i < s->npeople; i++) {
        struct person *p = &s->people[i];

        struct ip ip = ip_of(0x0a010000u + i % 4 * 256 + 10 + i / 4);

        memcpy(p->ip, ip.text, sizeof(p->ip));
        (void)snprintf(p->user, sizeof(p->user), "%s.%s%u",
                       syllables[mix(i) / 64 % SYLLABLES],
                       families[i % FAMILIES], i / FAMILIES);
        p->id = i;
        p->night = i % 6 == 5;
    }
}

const struct person *person(const struct scenario *s, uint32_t n)
{
    return &s->people[n % s->npeople];
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool is_inside(const char *ip)
{
    /* Of 203.0.113.0/28, two digits at most. */
    return begins(ip, "10.") ||
           (begins(ip, "203.0.113.") &&
            (ip[11] == '\0' ||
             (ip[10] == '1' && ip[11] < '6' && ip[12] == '\0')));
}

const char *zone_of(const char *ip)
{
    if (begins(ip, "10.0.9.") || (is_inside(ip) && begins(ip, "203.")))
        return "DMZ";
    if (begins(ip, "10.0."))
        return "Servers";
    if (begins(ip, "10.1."))
        return "Shanai";
    if (begins(ip, "10.2."))
        return "Guest";
    if (begins(ip, "10.9."))
        return "Kanri";
    return "Untrust";
}

static const char site_text[] =
    "# Written by generate --scenario.\n"
    "zone: Asia/Tokyo\n"
    "site:\n"
    "  networks:\n"
    "    - {network: 10.0.0.0/24, name: servers, zone: server}\n"
    "    - {network: 10.0.9.0/24, name: inner DMZ, zone: dmz}\n"
    "    - {network: 203.0.113.0/28, name: public, zone: dmz}\n"
    "    - {network: 10.1.0.0/24, name: sales, zone: client}\n"
    "    - {network: 10.1.1.0/24, name: development, zone: client}\n"
    "    - {network: 10.1.2.0/24, name: affairs, zone: client}\n"
    "    - {network: 10.1.3.0/24, name: research, zone: client}\n"
    "    - {network: 10.2.0.0/24, name: guests, zone: guest}\n"
    "    - {network: 10.9.0.0/24, name: management, zone: management}\n"
    "  proxies: [10.0.9.80, 10.0.9.81]\n"
    "  resolvers: [10.0.9.53, 10.0.9.54]\n"
    "  mail_servers: [10.0.9.25, 203.0.113.3]\n"
    "  mail_domains: [" OWN "]\n"
    "  partner_domains:\n"
    "    - tokiwa-seiki.example\n"
    "    - minato-boeki.example\n"
    "    - hikari-logistics.example\n"
    "  work_domains:\n"
    "    - minato-boeki.example\n"
    "    - tokiwa-seiki.example\n"
    "    - hikari-logistics.example\n"
    "    - kumo-office.example\n"
    "    - anzen-av.example\n"
    "  hours:\n"
    "    mon-fri: 08:00-20:00\n"
    "  maintenance:\n"
    "    - name: backups and updates of servers\n"
    "      hosts: [10.0.0.0/24]\n"
    "      weekdays: daily\n"
    "      from: 00:30\n"
    "      to: 05:00\n"
    "    - name: updates of clients\n"
    "      hosts: [10.1.0.0/16]\n"
    "      weekdays: wed\n"
    "      from: 01:00\n"
    "      to: 04:00\n"
    "    - name: changes of the firewall\n"
    "      hosts: [10.9.0.0/24]\n"
    "      weekdays: sat\n"
    "      from: 09:00\n"
    "      to: 18:00\n"
    "  user_agents:\n"
    "    - 'Mozilla/5.0 (Windows NT 10.0; Win64; x64*) *'\n"
    "    - 'AnzenAV/*'\n"
    "    - 'KumoSync/*'\n"
    "  administrators:\n"
    "    - account: fwadmin\n"
    "      hosts: [10.9.0.5, 10.9.0.6]\n"
    "    - account: kanri\n"
    "      hosts: [10.9.0.5, 10.9.0.6]\n"
    "  controllers:\n"
    "    - {name: dc1." OWN ", address: 10.0.0.10}\n"
    "    - {name: dc2." OWN ", address: 10.0.0.11}\n"
    "  service_accounts: [svc-backup]\n"
    "  holidays:\n";

bool site_write(const struct scenario *s, FILE *f)
{
    struct date d = {.day = -1};
    uint32_t day;

    if (fputs(site_text, f) < 0)
        return false;
    for (day = 0; day < s->days; day++) {
        const char *name = holiday_name(s->first_day + day);

        date_of(&d, s->first_day + day);
        if (name != NULL && fprintf(f, "    - %04d-%02d-%02d: %s\n", d.year,
                                    d.month, d.mday, name) < 0)
            return false;
    }
    return true;
}
