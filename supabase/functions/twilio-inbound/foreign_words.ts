import { wordsOf } from './words.ts';

// Opt-out words in other languages: words that opt out anywhere in a message, and words that opt out only as the whole message,
// because they are ambiguous in a sentence. In normal spelling; `wordsOf` normalizes both sides.
const inOneForm = (text: string) => text.split('|').map((message) => wordsOf(message));

export const FOREIGN_UNSUBSCRIBE = inOneForm(`abmelden | abbestellen | keine nachrichten mehr | keine sms mehr
  | désabonner | désabonne | désinscrire | désinscription | désabonnement | stop sms | afmelden | uitschrijven
  | darme de baja | darse de baja | desuscribir | desuscribirme | cancelar suscripción | descadastrar | cancelar inscrição | disiscrivimi | disiscriviti
  | annulla iscrizione | cancellami | wypisz | wypisz mnie | wyrejestruj | rezygnuję | odhlásit | leiratkozás | leiratkozom | dezabonare
  | avregistrera | avsluta prenumeration | avmeld | afmeld | peruuta tilaus | отписаться | отпишите | отписка | відписатися | відпишіть
  | aboneliği iptal | üyelikten çık | 退订 | 退訂 | 取消订阅 | 取消訂閱 | 配信停止 | 登録解除 | 수신거부 | 수신 거부 | 구독 취소 | 구독취소
  | إلغاء الاشتراك | הסר אותי | huỷ đăng ký | hủy đăng ký | berhenti berlangganan | ยกเลิกการสมัคร | सदस्यता समाप्त`);

export const FOREIGN_STOP = inOneForm(
  `stopp | stoppen | aufhören | beenden | kündigen | arrêt | arrête | arrêtez | arrêter | annuler | fin
  | alto | parar | pare | basta | cancelar | detener | sair | cancela | fermare | ferma | smettila | annulla | stoppa | sluta | avslut
  | lopeta | стоп | отмена | отменить | хватит | прекратите | скасувати | зупинити | przestań | zatrzymaj | anuluj | zastavit | přestaňte
  | dur | durdur | iptal | σταματήστε | στοπ | διαγραφή | 取消 | 停止 | 停 | 不要 | 解除 | ストップ | やめて | 중지 | 중단 | 취소 | 그만
  | توقف | إيقاف | إلغاء | قف | הסר | הפסק | עצור | dừng | dừng lại | hủy | huỷ | berhenti | batal | หยุด | ยกเลิก | रोकें | बंद | बंद करें | tumigil | itigil`,
);

// Scripts without spaces hold a word anywhere; in others it stands by itself.
const WITHOUT_SPACES = /[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u4e00-\u9fff]/;

/** Whether a message in one form has a word in it. */
export function says(words: string, word: string): boolean {
  return WITHOUT_SPACES.test(word) ? words.includes(word) : ` ${words} `.includes(` ${word} `);
}
